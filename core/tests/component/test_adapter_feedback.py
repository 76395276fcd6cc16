"""Feedback as a component sees it: parts may be absent, and routing is its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ComponentFailed
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing.served import run_call

Ask = Callable[..., Any]

ROW = {"data": {"names": ["a"], "ndarray": [[1]]}}


class Learner:
    """Keeps what it was told and returns ``answer``."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def send_feedback(self, features, names, reward, truth, routing=None):  # type: ignore[no-untyped-def]
        self.told = (np.asarray(features).tolist(), list(names), reward, np.asarray(truth).tolist(), routing)
        return self.answer


def test_all_parts_arrive(ask: Ask) -> None:
    user = Learner()
    ask(
        user,
        "send_feedback",
        {
            "request": ROW,
            "response": {"meta": {"routing": {"0": 2}}},
            "reward": 0.5,
            "truth": {"data": {"ndarray": [[3]]}},
        },
    )
    assert user.told == ([[1.0]], ["a"], 0.5, [[3.0]], 2)


def test_absent_parts_are_empty(ask: Ask) -> None:
    user = Learner()
    for body in ({}, {"request": {}, "response": {}, "truth": {"meta": {"puid": "t"}}}):
        ask(user, "send_feedback", body)
        assert user.told == ([], [], 0.0, [], None)


def test_any_kind_of_payload_reaches_the_learner(ask: Ask) -> None:
    user = Learner()
    ask(user, "send_feedback", {"request": {"jsonData": {"a": 1}}, "truth": {"strData": "yes"}})
    assert user.told == ({"a": 1.0}, [], 0.0, "yes", None)


@pytest.mark.parametrize(
    ("unit", "routing", "branch"),
    [
        (None, {"0": 3}, 3),
        (None, {"router": 3}, None),
        ("router", {"router": 4, "0": 1}, 4),
        ("router", {"0": 1}, None),
    ],
)
def test_routing_is_that_of_this_unit(ask: Ask, unit: str | None, routing: Any, branch: int | None) -> None:
    user = Learner()
    body = {"response": {"meta": {"routing": routing}}}
    ask(user, "send_feedback", body, identity=Identity(unit=unit))
    assert user.told[-1] == branch


TENSOR = {"data": {"tensor": {"shape": [1], "values": [1]}}}


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"request": ROW}, {"ndarray": []}),
        ({"request": TENSOR}, {"tensor": {"shape": [0]}}),
        ({"response": ROW}, {"tensor": {"shape": [0]}}),
        ({}, {"tensor": {"shape": [0]}}),
    ],
)
def test_nothing_returned_is_an_empty_array_of_the_requests_kind(ask: Ask, body: Any, data: Any) -> None:
    def absent(self: object, *_: Any) -> None:
        raise SeldonNotImplementedError

    for user in (Learner(), object(), type("Absent", (), {"send_feedback": absent})()):
        assert ask(user, "send_feedback", body) == {"data": data, "meta": {}}


def test_a_result_is_answered_like_a_prediction(ask: Ask) -> None:
    assert ask(Learner([[1, 2]]), "send_feedback", {"request": ROW})["data"] == {
        "names": ["t:0", "t:1"],
        "ndarray": [[1, 2]],
    }
    assert ask(Learner("thanks"), "send_feedback", {})["strData"] == "thanks"
    tagged = Learner(Response("thanks", tags={"seen": 1}))
    assert ask(tagged, "send_feedback", {})["meta"] == {"tags": {"seen": 1}}


def test_of_the_requests_meta_only_the_puid_stays(ask: Ask) -> None:
    meta = {"puid": "p", "tags": {"a": 1}, "requestPath": {"b": "c"}, "metrics": [{"key": "k"}]}
    assert ask(Learner(), "send_feedback", {"request": {**ROW, "meta": meta}})["meta"] == {"puid": "p"}
    assert ask(Learner(), "send_feedback", {"response": {**ROW, "meta": meta}})["meta"] == {}


def test_the_reward_is_known_though_the_learner_fails() -> None:
    class Fails:
        def send_feedback(self, *_: Any) -> None:
            raise ValueError("cannot learn")

    call = Call(Method.SEND_FEEDBACK, b'{"reward": 2}', JsonCodec(Limits()), "test")
    with pytest.raises(ComponentFailed, match="cannot learn"):
        run_call(ComponentAdapter(Fails()), call)
    assert call.reward == 2.0
