"""What goes beside a result: names, tags, request path and metrics, merged in the protocol's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.method import Method

Ask = Callable[..., Any]

TEXT = {"strData": "s"}


def counter(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "COUNTER", "key": key, "value": 1, **more}


class Model:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def predict(self, X, names, meta=None):  # type: ignore[no-untyped-def]
        return self.__dict__.get("result", "s")

    transform_input = transform_output = predict


def failure(ask: Ask, user: object, body: Any = TEXT) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        ask(user, "predict", body)
    return caught.value


@pytest.mark.parametrize("method", ["predict", "transform_input", "transform_output"])
def test_tags_of_the_request_then_of_the_component_then_of_the_response_win(ask: Ask, method: str) -> None:
    user = Model(
        tags=lambda: {"b": "component", "c": "component"},
        result=Response("s", tags={"c": "response", "d": "response"}),
    )
    sent = {**TEXT, "meta": {"tags": {"a": "request", "b": "request", "c": "request"}}}
    assert ask(user, method, sent)["meta"]["tags"] == {
        "a": "request",
        "b": "component",
        "c": "response",
        "d": "response",
    }


def test_metrics_are_joined_in_the_same_order(ask: Ask) -> None:
    user = Model(
        metrics=lambda: (counter("component", tags={"t": 1}),),
        result=Response("s", metrics=[counter("response")]),
    )
    sent = {**TEXT, "meta": {"metrics": [{"key": "request", "anything": "goes"}]}}
    assert ask(user, "predict", sent)["meta"]["metrics"] == [
        {"key": "request", "anything": "goes"},
        counter("component", tags={"t": 1, "method": "predict"}),
        counter("response"),
    ]


def test_hidden_metrics_hide_only_the_components_own(ask: Ask) -> None:
    user = Model(metrics=lambda: [counter("component")], result=Response("s", metrics=[counter("response")]))
    sent = {**TEXT, "meta": {"metrics": [{"key": "request"}]}}
    assert ask(user, "predict", sent, show_metrics=False)["meta"] == {"metrics": [{"key": "request"}]}


@pytest.mark.parametrize(
    ("identity", "path"),
    [
        (Identity(), {"other": "x:1", "me": "request"}),
        (Identity(unit="me", image="i:1"), {"me": "request", "other": "x:1"}),
        (
            Identity(unit="new"),
            {"new": "NOT_IMPLEMENTED:NOT_IMPLEMENTED", "other": "x:1", "me": "request"},
        ),
    ],
)
def test_the_request_path_grows_and_the_requests_wins(ask: Ask, identity: Identity, path: Any) -> None:
    sent = {**TEXT, "meta": {"requestPath": {"other": "x:1", "me": "request"}}}
    assert ask(Model(), "predict", sent, identity=identity)["meta"] == {"requestPath": path}


def test_the_puid_is_never_made_up_and_routing_and_unknown_members_are_dropped(ask: Ask) -> None:
    sent = {**TEXT, "meta": {"puid": "p", "routing": {"a": 1}, "unknown": 1}}
    assert ask(Model(), "predict", sent)["meta"] == {"puid": "p"}
    assert ask(Model(), "predict", TEXT)["meta"] == {}


def test_tags_and_metrics_are_asked_after_the_call_and_once(ask: Ask) -> None:
    trace: list[str] = []

    class Traced:
        def predict(self, X: Any) -> str:
            trace.append("predict")
            return "s"

        def tags(self) -> None:
            trace.append("tags")

        def metrics(self) -> None:
            trace.append("metrics")

    assert ask(Traced(), "predict", TEXT)["meta"] == {}
    assert trace == ["predict", "tags", "metrics"]


def test_methods_may_say_that_they_are_not_there(ask: Ask) -> None:
    def absent() -> None:
        raise SeldonNotImplementedError

    user = Model(tags=absent, metrics=absent, class_names=absent, result=[[1]])
    assert ask(user, "predict", TEXT)["data"]["names"] == ["t:0"]


@pytest.mark.parametrize("tags", [["a"], "a", 5])
def test_tags_that_are_no_dict_are_the_components_failure(ask: Ask, tags: Any) -> None:
    kind = type(tags).__name__
    error = failure(ask, Model(tags=lambda: tags))
    assert (error.message, error.code) == (f"tags() is {kind}, expected a dict", ErrorCode.COMPONENT_FAILED)
    error = failure(ask, Model(result=Response("s", tags=tags)))
    assert error.message == f"Response.tags is {kind}, expected a dict"


def test_tags_or_metrics_that_raise_or_are_none_are_failures(ask: Ask) -> None:
    def fail() -> None:
        raise ValueError("no tags today")

    assert isinstance(failure(ask, Model(tags=fail)), ComponentFailed)
    assert failure(ask, Model(metrics=lambda: [{}])).code is ErrorCode.BAD_METRIC
    assert failure(ask, Model(result=Response("s", metrics=[5]))).code is ErrorCode.BAD_METRIC  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("class_names", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (lambda: ["a"], ["a"]),
        (("a",), ["a"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (lambda: np.array([1, 2]), [1, 2]),
        ({"a": 0, "b": 1}, ["a", "b"]),
        (lambda: None, ["t:0", "t:1"]),
        ([], []),
    ],
    ids=["list", "method", "tuple", "array", "method of array", "dict", "None", "empty"],
)
def test_class_names_may_be_a_method_or_any_other_attribute(ask: Ask, class_names: Any, names: Any) -> None:
    user = Model(class_names=class_names, result=[[1, 2]])
    assert ask(user, "predict", TEXT)["data"]["names"] == names


def test_feature_names_name_the_columns_of_transform_input_only(ask: Ask) -> None:
    user = Model(feature_names=lambda: ["feature"], class_names=["class"], result=[[1]])
    names = {m: ask(user, m, TEXT)["data"]["names"] for m in ("predict", "transform_input")}
    assert names == {"predict": ["class"], "transform_input": ["feature"]}
    assert ask(Model(class_names=["class"], result=[[1]]), "transform_input", TEXT)["data"]["names"] == [
        "class"
    ]


def test_names_that_are_none_are_the_components_failure(ask: Ask) -> None:
    error = failure(ask, Model(class_names="abc", result=[[1]]))
    assert error.message == "the component's column names are the text 'abc', expected a list"
    assert isinstance(failure(ask, Model(class_names=5, result=[[1]])), ComponentFailed)

    class Lazy(Model):
        @property
        def class_names(self) -> Any:
            raise ValueError("not loaded")

    lazy = failure(ask, Lazy(result=[[1]]))
    assert isinstance(lazy, ComponentFailed)
    assert lazy.where == "Lazy.class_names"


def test_an_outlier_detectors_own_path_is_added(ask: Ask) -> None:
    class Detector:
        def score(self, X: Any) -> list[int]:
            return [1]

    answer = ask(
        Detector(),
        Method.TRANSFORM_INPUT,
        TEXT,
        identity=Identity(unit="u", image="i:1"),
        service_type=ServiceType.OUTLIER_DETECTOR,
    )
    assert answer["meta"] == {"requestPath": {"u": "i:1"}, "tags": {"outlierScore": [1]}}


@pytest.mark.parametrize("as_method", [False, True], ids=["attributes", "methods"])
def test_tags_and_metrics_are_methods_or_attributes(ask: Ask, as_method: bool) -> None:
    tags, metrics = {"version": np.int64(2)}, [counter("calls")]
    model = (
        Model(tags=lambda: tags, metrics=lambda: metrics) if as_method else Model(tags=tags, metrics=metrics)
    )
    meta = ask(model, "predict", TEXT)["meta"]
    assert meta == {"tags": {"version": 2}, "metrics": [counter("calls")]}
    tags["version"] = 3  # an attribute is read in each call
    assert ask(model, "predict", TEXT)["meta"]["tags"] == {"version": 3}


def test_attributes_of_another_type_are_ignored(ask: Ask) -> None:
    assert ask(Model(tags="a", metrics=5), "predict", TEXT)["meta"] == {}


def test_an_attribute_that_holds_no_metrics_is_an_error(ask: Ask) -> None:
    assert failure(ask, Model(metrics=[0.5])).code is ErrorCode.BAD_METRIC
