"""A call on its way through a component: which method is called with what, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Component as Base
from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, StartupError
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.protocols.v1_codec import JsonCodec

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
    assert Component(Derived()).methods == {Method.PREDICT}
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

    assert refusal(ask, made("health_status", sick), "health_status").message == "no disk"


def test_only_health_without_user_code_is_fixed() -> None:
    assert Component(made("predict", lambda self, X: X)).health_is_fixed
    for name in ("health_status", "health_status_raw", "tags", "metrics"):
        assert not Component(made(name, lambda self: "fine")).health_is_fixed


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

    component = Component(Late())
    component.load()
    assert ask(component, "predict", ROW) == {**ROW_ANSWER, "meta": {"tags": {"late": True}}}


def test_a_load_that_raises_is_the_components_failure() -> None:
    def load(self: object) -> None:
        raise AttributeError("no file")

    with pytest.raises(ComponentFailed, match="no file"):
        Component(made("load", load)).load()
    Component(Base()).load()


def test_a_method_that_cannot_be_called_stops_the_start() -> None:
    with pytest.raises(StartupError, match="needs the argument 'threshold'"):
        Component(made("predict", lambda self, X, names, threshold: X))


def test_a_method_that_is_missing_for_the_service_type_is_told() -> None:
    model = made("predict_raw", lambda self, message: message)
    assert Component(model).missing_method is None
    assert Component(model, service_type=ServiceType.ROUTER).missing_method == "route"
    transformer = Component(model, service_type=ServiceType.TRANSFORMER)
    assert transformer.missing_method == "transform_input or transform_output"
    assert Component(model, service_type=ServiceType.OUTLIER_DETECTOR).missing_method == "score"
    assert Component(model, service_type=ServiceType.ROUTER).fitting_types == [ServiceType.MODEL]
    assert Component(made("fit", lambda self: None)).fitting_types == []


def test_metadata_come_from_the_class_and_the_image() -> None:
    identity = Identity(image="team/model:2")
    user = made("init_metadata", lambda self: {"platform": "numpy"})
    assert Component(user, identity).metadata()["platform"] == "numpy"
    assert Component(Base(), identity).metadata('{"versions": ["3"]}')["name"] == "team/model"


def test_the_answer_is_the_codecs() -> None:
    call = Call(Method.PREDICT, json.dumps(ROW), JsonCodec(Limits()), "test")
    answer = Component(made("predict", lambda self, X: X.sum())).answer
    with pytest.raises(SeldonError, match="returned int64, expected an array, list, text, bytes or dict"):
        answer(call)
