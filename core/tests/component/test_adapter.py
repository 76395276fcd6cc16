"""A call on its way through a component: which method is called with what, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Component as Base
from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, StartupError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

Ask = Callable[..., Any]

ROW = {"data": {"names": ["a", "b"], "ndarray": [[1, 2]]}}
ROW_ANSWER = {"data": {"names": ["t:0", "t:1"], "ndarray": [[1, 2]]}, "meta": {}}
ONE_BY_ONE = [Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT]


def made(method: str, function: Callable[..., Any]) -> object:
    """An instance of a class with this one method."""
    return type("Made", (), {method: function})()


def refusal(ask: Ask, *arguments: Any, **keywords: Any) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        ask(*arguments, **keywords)
    return caught.value


class Probe:
    """Shows what it was given."""

    def predict(self, X, features_names, meta=None):  # type: ignore[no-untyped-def]
        return {"type": type(X).__name__, "names": features_names, "meta": meta}

    transform_input = transform_output = predict


@pytest.mark.parametrize("method", ONE_BY_ONE)
def test_a_method_sees_value_names_and_meta_as_they_were_sent(ask: Ask, method: Method) -> None:
    sent = {**ROW, "meta": {"puid": "p", "unknown": 1}}
    seen = {"type": "ndarray", "names": ["a", "b"], "meta": {"puid": "p", "unknown": 1}}
    assert ask(Probe(), method, sent) == {"jsonData": seen, "meta": {"puid": "p"}}


@pytest.mark.parametrize(
    ("payload", "kind"),
    [({"strData": "s"}, "str"), ({"binData": "AAE="}, "bytes"), ({"jsonData": [1]}, "list")],
)
def test_other_kinds_arrive_as_they_are_without_names(ask: Ask, payload: Any, kind: str) -> None:
    seen = ask(Probe(), "predict", payload)["jsonData"]
    assert seen == {"type": kind, "names": [], "meta": None}


@pytest.mark.parametrize("method", ONE_BY_ONE)
def test_an_answer_follows_the_kind_of_its_request(ask: Ask, method: Method) -> None:
    user = made(method.value, lambda self, X: X)
    assert ask(user, method, ROW) == ROW_ANSWER
    assert ask(user, method, {"data": {"tensor": {"shape": [2, 1], "values": [1, 2]}}}) == {
        "data": {"names": ["t:0"], "tensor": {"shape": [2, 1], "values": [1, 2]}},
        "meta": {},
    }
    assert ask(user, method, {"binData": "AAE="}) == {"binData": "AAE=", "meta": {}}


def test_a_class_without_the_method_says_so(ask: Ask) -> None:
    error = refusal(ask, made("other", print), Method.ROUTE, ROW)
    assert (error.code, error.message) == (ErrorCode.NOT_IMPLEMENTED, "Made has no method route")
    error = refusal(ask, made("other", print), "aggregate", {"seldonMessages": [ROW]})
    assert error.message == "Made has no method aggregate"


def test_a_class_without_predict_answers_an_empty_array_as_the_protocol_has_it(ask: Ask) -> None:
    assert ask(made("other", print), "predict", ROW)["data"] == {"names": [], "ndarray": []}


def test_transforms_that_are_absent_pass_the_payload_through(ask: Ask) -> None:
    class Inherits(Base):
        pass

    for user in (made("other", print), Inherits()):
        assert ask(user, "transform_input", ROW) == ROW_ANSWER
        assert ask(user, "transform_output", {"strData": "s"}) == {"strData": "s", "meta": {}}


def test_methods_may_say_that_they_are_not_there(ask: Ask) -> None:
    def absent(self: object, X: Any) -> None:
        raise SeldonNotImplementedError("no idea")

    assert ask(made("predict", absent), "predict", ROW)["data"] == {"names": [], "ndarray": []}
    assert ask(made("transform_output", absent), "transform_output", ROW) == ROW_ANSWER
    assert refusal(ask, made("route", absent), "route", ROW).message == "no idea"
    assert refusal(ask, made("aggregate", absent), "aggregate", [ROW]).code is ErrorCode.NOT_IMPLEMENTED


def test_the_optional_base_class_changes_nothing(ask: Ask) -> None:
    class Derived(Base):
        def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
            return X

    assert ask(Derived(), "predict", ROW) == ROW_ANSWER
    assert ask(Derived(), "health_status") == {"strData": "healthy", "meta": {}}
    assert ComponentAdapter(Derived()).methods == {Method.PREDICT}
    assert refusal(ask, Derived(), "route", ROW).message == "Derived has no method route"


def test_aggregate_gets_all_values_and_names_and_answers_like_the_first(ask: Ask) -> None:
    def aggregate(self: object, features_list: Any, names_list: Any) -> Any:
        self.__dict__.update(values=features_list, names=names_list)
        return features_list[0]

    user = made("aggregate", aggregate)
    tensor = {"data": {"tensor": {"shape": [1], "values": [5]}}}
    messages = [
        {**tensor, "meta": {"puid": "one", "tags": {"a": 1, "b": 1}}},
        {**ROW, "meta": {"puid": "two", "tags": {"b": 2}, "requestPath": {"p": "q"}}},
        {"strData": "s"},
    ]
    answer = ask(user, "aggregate", {"seldonMessages": messages})
    assert answer["data"]["tensor"] == {"shape": [1], "values": [5]}
    assert answer["meta"] == {"puid": "one", "tags": {"a": 1, "b": 2}, "requestPath": {"p": "q"}}
    assert [np.asarray(value).tolist() for value in vars(user)["values"]] == [[5], [[1, 2]], "s"]
    assert [list(names) for names in vars(user)["names"]] == [[], ["a", "b"], []]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (lambda self: [1], {"data": {"names": [], "tensor": {"shape": [1], "values": [1]}}}),
        (lambda self: "fine", {"strData": "fine"}),
        (lambda self: Response("fine", tags={"disk": "ok"}), {"strData": "fine"}),
    ],
)
def test_health_is_what_the_method_returns(ask: Ask, status: Any, answer: Any) -> None:
    given = ask(made("health_status", status), "health_status")
    assert given.pop("meta") in ({}, {"tags": {"disk": "ok"}})
    assert given == answer


def test_health_without_a_method_or_with_one_that_says_so_is_good(ask: Ask) -> None:
    def absent(self: object) -> None:
        raise SeldonNotImplementedError

    assert ask(made("other", print), "health_status")["strData"] == "healthy"
    assert ask(made("health_status", absent), "health_status")["strData"] == "healthy"


def test_health_that_raises_is_a_failure(ask: Ask) -> None:
    def sick(self: object) -> None:
        raise RuntimeError("no disk")

    assert refusal(ask, made("health_status", sick), "health_status").message == "RuntimeError: no disk"


def test_only_health_without_user_code_is_fixed() -> None:
    assert ComponentAdapter(made("predict", lambda self, X: X)).health_is_fixed
    for name in ("health_status", "health_status_raw", "tags", "metrics"):
        assert not ComponentAdapter(made(name, lambda self: "fine")).health_is_fixed


@pytest.mark.parametrize("raised", [TypeError("inside"), SystemExit(1), StopIteration()])
def test_what_a_method_raises_is_the_components_failure(ask: Ask, raised: BaseException) -> None:
    def predict(self: object, X: Any) -> None:
        raise raised

    error = refusal(ask, made("predict", predict), "predict", ROW)
    assert isinstance(error, ComponentFailed)
    assert error.__cause__ is raised


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


def test_the_answer_is_the_codecs() -> None:
    call = Call(Method.PREDICT, json.dumps(ROW), JsonCodec(Limits()), "test")
    adapter = ComponentAdapter(made("predict", lambda self, X: X.sum()))
    assert json.loads(run_call(adapter, call))["data"]["ndarray"] == [[3]]


class Combined:
    """Shows the metas of the answers that it combines."""

    def aggregate(self, features_list, names_list, metas=None):  # type: ignore[no-untyped-def]
        return {"metas": metas}


def test_a_combiner_sees_the_meta_of_each_answer(ask: Ask) -> None:
    messages = [{"strData": "a", "meta": {"tags": {"m": 1}}}, {"strData": "b"}]
    answer = ask(Combined(), Method.AGGREGATE, {"seldonMessages": messages})
    assert answer["jsonData"] == {"metas": [{"tags": {"m": 1}}, None]}


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
