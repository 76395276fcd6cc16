"""A call on its way through a component: which method is called with what, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Component as Base
from seldon_runtime import SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed, ErrorCode
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

from .small_classes import ONE_BY_ONE, ROW, ROW_ANSWER, Probe, made, refusal

Ask = Callable[..., Any]


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


@pytest.mark.parametrize("raised", [TypeError("inside"), SystemExit(1), StopIteration()])
def test_what_a_method_raises_is_the_components_failure(ask: Ask, raised: BaseException) -> None:
    def predict(self: object, X: Any) -> None:
        raise raised

    error = refusal(ask, made("predict", predict), "predict", ROW)
    assert isinstance(error, ComponentFailed)
    assert error.__cause__ is raised


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
