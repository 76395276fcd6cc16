"""A component at the start: its load, methods of its service type, and helpers with the names of methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime import Component as Base
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, StartupError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

from .small_classes import ONE_BY_ONE, ROW, ROW_ANSWER, Probe, made

Ask = Callable[..., Any]


def test_methods_that_load_makes_are_found(ask: Ask) -> None:
    class Late:
        def load(self) -> None:
            self.predict = lambda X, names: X
            self.tags = lambda: {"late": True}

    component = ComponentAdapter(Late())
    component.load()
    assert ask(component, "predict", ROW) == {**ROW_ANSWER, "meta": {"tags": {"late": True}}}


def test_a_load_that_is_not_implemented_counts_as_absent(caplog: pytest.LogCaptureFixture) -> None:
    def load(self: object) -> None:
        raise NotImplementedError("no load")

    component = ComponentAdapter(type("Half", (Probe,), {"load": load})())
    component.load()
    assert component.methods == frozenset(ONE_BY_ONE)
    (record,) = caplog.records
    assert "raised NotImplementedError: it counts as absent" in record.getMessage()
    assert record.exc_info is not None


def test_a_load_that_raises_is_the_components_failure() -> None:
    def load(self: object) -> None:
        raise AttributeError("no file")

    with pytest.raises(ComponentFailed, match="no file"):
        ComponentAdapter(made("load", load)).load()
    ComponentAdapter(Base()).load()


def test_a_method_that_cannot_be_called_stops_the_start() -> None:
    with pytest.raises(StartupError, match="needs the argument 'threshold'"):
        ComponentAdapter(made("predict", lambda self, X, names, threshold: X))


def test_a_method_that_is_missing_for_the_service_type_is_told() -> None:
    model = made("predict_raw", lambda self, message: message)
    assert ComponentAdapter(model).missing_method is None
    assert ComponentAdapter(model, service_type=ServiceType.ROUTER).missing_method == "route"
    transformer = ComponentAdapter(model, service_type=ServiceType.TRANSFORMER)
    assert transformer.missing_method == "transform_input or transform_output"
    assert ComponentAdapter(model, service_type=ServiceType.OUTLIER_DETECTOR).missing_method == "score"
    assert ComponentAdapter(model, service_type=ServiceType.ROUTER).fitting_types == [ServiceType.MODEL]
    assert ComponentAdapter(made("fit", lambda self: None)).fitting_types == []


def test_metadata_come_from_the_class_and_the_image() -> None:
    identity = Identity(image="team/model:2")
    user = made("init_metadata", lambda self: {"platform": "numpy"})
    assert ComponentAdapter(user, identity).metadata()["platform"] == "numpy"
    overridden = ComponentAdapter(Base(), identity, metadata_override='{"versions": ["3"]}')
    assert overridden.metadata()["name"] == "team/model"


class Helping(Probe):
    """A model whose helpers have the names of methods."""

    def route(self, rows, columns, start, end):  # type: ignore[no-untyped-def]
        return rows

    def aggregate(self, *, rows):  # type: ignore[no-untyped-def]
        return rows

    def transform_output(self, a, b, c):  # type: ignore[no-untyped-def]
        return a

    def send_feedback(self, store, key, user, text, when, more):  # type: ignore[no-untyped-def]
        return store

    def health_status(self, verbose):  # type: ignore[no-untyped-def]
        return verbose

    def tags(self, text):  # type: ignore[no-untyped-def]
        return text

    def metrics(self, y_true, y_pred):  # type: ignore[no-untyped-def]
        return y_true

    def class_names(self, which):  # type: ignore[no-untyped-def]
        return which

    def init_metadata(self, path):  # type: ignore[no-untyped-def]
        return path

    def score(self, X, y, sample_weight):  # type: ignore[no-untyped-def]
        return X


def test_helpers_with_the_names_of_methods_do_not_stop_a_model(ask: Ask) -> None:
    component = ComponentAdapter(Helping())
    component.load()
    assert ask(component.user, Method.PREDICT, {"data": {"ndarray": [[1, 2]]}})["meta"] == {}
    named = {text.split()[0].removeprefix("Helping.") for text in component.misfits}
    assert named == {name for name in vars(Helping) if not name.startswith("__")} - {"score"}
    assert component.metadata()["name"] == ""


@pytest.mark.parametrize("name", ["route", "aggregate", "health_status"])
def test_the_call_of_a_helper_fails_with_the_reason(name: str) -> None:
    component = ComponentAdapter(Helping())
    request = {"route": ROW, "aggregate": [ROW], "health_status": None}[name]
    call = Call(Method(name), request, JsonCodec(Limits()), "test")
    with pytest.raises(SeldonError, match="needs the argument") as caught:
        run_call(component, call)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_a_method_of_the_service_type_must_fit() -> None:
    with pytest.raises(StartupError, match="needs the argument"):
        ComponentAdapter(Helping(), service_type=ServiceType.ROUTER)


@pytest.mark.parametrize(
    ("predict", "written"),
    [
        (lambda X, features_names: X, "X, features_names"),
        (lambda X: X, "X"),
        (lambda: 1, ""),
        (lambda **more: 1, "**more"),
    ],
)
def test_a_method_without_self_stops_the_start(predict: Any, written: str) -> None:
    asked = ", ".join(["self", written] if written else ["self"])
    with pytest.raises(StartupError, match="lacks the argument self") as caught:
        ComponentAdapter(made("predict", predict))
    assert str(caught.value).endswith(f"expected ({asked})")


def test_a_method_may_call_its_object_as_it_likes(ask: Ask) -> None:
    class Odd:
        def predict(this, *rest: Any) -> Any:
            return rest[0]

        @staticmethod
        def transform_input(X: Any) -> Any:
            return X

        @classmethod
        def transform_output(cls, X: Any) -> Any:
            return X

    component = ComponentAdapter(Odd())
    for method in ("predict", "transform-input", "transform-output"):
        assert ask(component, method.replace("-", "_"), ROW)["data"] == ROW_ANSWER["data"]
