"""``predict_batch``: a method for a list of requests, such as texts, which cannot be stacked."""

from __future__ import annotations

from functools import wraps
from typing import Any

import pytest
from plugins.batching.tests.conftest import Batch

from seldon_runtime.plugin import Kind, Message, Meta, Payload, SeldonError, ServiceType, StartupError
from seldon_runtime_batching.marks import Marks


def text(words: str, **meta: Any) -> Message:
    return Message(
        Payload(Kind.STR, words), Meta(**meta), {"tags": dict(meta["tags"])} if "tags" in meta else None
    )


class Lengths:
    """Answers the length of each text; raises for a text "bad"."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        return self.predict_batch([X])[0]

    def predict_batch(self, requests: Any) -> Any:
        self.seen.append(len(requests))
        if any(request.data == "bad" for request in requests):
            raise ValueError("a bad text")
        return [
            {"length": len(request.data), "tags": (request.meta or {}).get("tags")} for request in requests
        ]


def test_a_list_of_requests_gets_a_list_of_answers(batch: Batch) -> None:
    user = Lengths()
    answers = batch(user, [text("a", puid="1"), text("bcd", puid="2", tags={"x": 1})])
    assert user.seen == [2]
    assert [(a.payload.value, a.meta.puid) for a in answers] == [
        ({"length": 1, "tags": None}, "1"),
        ({"length": 3, "tags": {"x": 1}}, "2"),
    ]


def test_the_text_that_fails_is_found_by_halving(batch: Batch) -> None:
    user = Lengths()
    answers = batch(user, [text("a"), text("bad"), text("c"), text("d")])
    assert [isinstance(answer, SeldonError) for answer in answers] == [False, True, False, False]
    assert user.seen == [4, 2, 1, 1, 2]


def test_one_result_may_be_an_error(batch: Batch) -> None:
    class Checks:
        def predict_batch(self, requests: Any) -> Any:
            return [ValueError("empty") if not one.data else SeldonError("no") for one in requests]

    assert [answer.message for answer in batch(Checks(), [text(""), text("a")])] == [
        "ValueError: empty",
        "no",
    ]


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (
            [1],
            "Wrong.predict_batch returned 1 results, expected a list with one result for each of 2 requests",
        ),
        ({}, "Wrong.predict_batch returned dict, expected a list with one result for each of 2 requests"),
    ],
)
def test_another_number_of_results_is_everybodys_error(batch: Batch, result: Any, says: str) -> None:
    class Wrong:
        def predict_batch(self, requests: Any) -> Any:
            return result

    answers = batch(Wrong(), [text("a"), text("b")], splits=False)
    assert [answer.message for answer in answers] == [says, says]


def test_a_result_that_no_protocol_can_write_is_its_callers_error(batch: Batch) -> None:
    class Odd:
        def predict_batch(self, requests: Any) -> Any:
            return [object() if one.data == "odd" else "fine" for one in requests]

    first, second = batch(Odd(), [text("odd"), text("even")])
    assert isinstance(first, SeldonError)
    assert second.payload.value == "fine"


def test_a_predict_batch_with_other_arguments_stops_the_start() -> None:
    class Two:
        def predict_batch(self, requests: Any, names: Any) -> Any:
            return requests

    with pytest.raises(StartupError, match=r"Two\.predict_batch cannot be called with one list of requests"):
        Marks(Two(), ServiceType.MODEL)


async def coroutine(self: Any, requests: Any) -> Any:
    return requests


def generator(self: Any, requests: Any) -> Any:
    yield from requests


async def stream(self: Any, requests: Any) -> Any:
    yield requests


def wrapped(function: Any) -> Any:
    return wraps(function)(lambda *arguments: function(*arguments))


class Callable:
    async def __call__(self, requests: Any) -> Any:
        return requests


@pytest.mark.parametrize("function", [coroutine, generator, stream, wrapped(coroutine), Callable()])
def test_a_predict_batch_that_returns_no_list_stops_the_start(function: Any) -> None:
    user = type("Churn", (), {"predict_batch": function})()
    with pytest.raises(
        StartupError, match=r"Churn\.predict_batch is an async method or a generator, expected"
    ):
        Marks(user, ServiceType.MODEL)
