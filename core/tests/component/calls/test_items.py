"""Generators of user code as streams: items, errors, and ``finally``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Response
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import ARRAYS, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream
from seldon_runtime.testing import WAIT_S, wait_until

Serve = Callable[..., Service]


class Counts:
    """Yields the characters of a text. ``!`` fails, ``_`` waits (for ever)."""

    def __init__(self) -> None:
        self.closed = 0
        self.at = 0

    def predict(self, X: Any, names: Any) -> Iterator[Any]:
        try:
            for self.at, character in enumerate(X, 1):
                if character == "!":
                    raise ValueError("no more")
                yield Response(f"{character}{request_id()}", {"at": self.at})
        finally:
            self.closed += 1


class Later(Counts):
    async def predict(self, X: Any, names: Any) -> AsyncIterator[Any]:  # type: ignore[override]
        try:
            for self.at, character in enumerate(X, 1):
                await asyncio.sleep(10 * WAIT_S if character == "_" else 0)
                if character == "!":
                    raise ValueError("no more")
                yield Response(f"{character}{request_id()}", {"at": self.at})
        finally:
            await asyncio.sleep(0)
            self.closed += 1


class Wrapped(Counts):
    @wraps(Counts.predict)
    def predict(self, *arguments: Any) -> Any:
        return super().predict(*arguments)


class Handed(Later):
    async def predict(self, X: Any, names: Any) -> Any:
        """Await, then hand a generator over."""
        await asyncio.sleep(0)
        return super().predict(X, names)


class Within(Later):
    """Returns its generator in a ``Response``."""

    def predict(self, X: Any, names: Any) -> Any:
        return Response(super().predict(X, names), {"of": "all", "at": 0}, [ASKED], {"X-Of": "all"})


class Awaited(Within):
    async def predict(self, X: Any, names: Any) -> Any:  # type: ignore[override]
        return super().predict(X, names)


ASKED = {"type": "COUNTER", "key": "asked", "value": 1}
KINDS = [Counts, Later, Wrapped, Handed]


def call(text: str, **fields: Any) -> Call:
    wire = f'{{"strData":"{text}"}}'.encode()
    return Call(Method.PREDICT, wire, JsonCodec(Limits()), "test", request_id="#", **fields)


def pulled(stream: OpenStream) -> Any:
    told: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    stream.pull(lambda item, error: told.put((item, error)))
    item, error = told.get(timeout=WAIT_S)
    return error if error is not None else item and json.loads(item)


@pytest.mark.parametrize("kind", KINDS)
def test_each_item_is_an_answer_of_its_own(make_service: Serve, kind: type[Counts]) -> None:
    user = kind()
    stream = make_service(user).call(call("ab", accepts_stream=True))
    assert pulled(stream) == {"meta": {"tags": {"at": 1}}, "strData": "a#"}
    assert user.at == 1, "the next item is made when it is asked for"
    assert pulled(stream) == {"meta": {"tags": {"at": 2}}, "strData": "b#"}
    assert pulled(stream) is None
    assert user.closed == 1


@pytest.mark.parametrize("kind", KINDS)
def test_one_answer_joins_the_items_and_has_the_tags_of_the_last(
    make_service: Serve, kind: type[Counts]
) -> None:
    user = kind()
    answer = json.loads(make_service(user).call(call("abc")))
    assert answer == {"meta": {"tags": {"at": 3}}, "strData": "a#b#c#"}
    assert user.closed == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accepts", [True, False])
def test_an_exception_ends_the_stream(make_service: Serve, kind: type[Counts], accepts: bool) -> None:
    user = kind()
    service = make_service(user)
    if accepts:
        stream = service.call(call("a!", accepts_stream=True))
        assert pulled(stream)["strData"] == "a#"
        error = pulled(stream)
    else:
        with pytest.raises(SeldonError) as caught:
            service.call(call("a!"))
        error = caught.value
    assert error.code is ErrorCode.COMPONENT_FAILED
    assert "no more" in error.message
    wait_until(lambda: user.closed == 1, "finally to run")


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_disconnects_closes_the_generator(make_service: Serve, kind: type[Counts]) -> None:
    user = kind()
    stream = make_service(user).call(call("abc", accepts_stream=True))
    pulled(stream)
    stream.close()
    wait_until(lambda: user.closed == 1, "finally to run")
    assert user.at == 1
    assert pulled(stream).code is ErrorCode.CANCELLED


def test_a_client_that_disconnects_ends_an_item_that_awaits(make_service: Serve) -> None:
    user = Later()
    stream = make_service(user).call(call("_", accepts_stream=True))
    told: SimpleQueue[Any] = SimpleQueue()
    stream.pull(lambda item, error: told.put(error))
    wait_until(lambda: user.at == 1, "the item to be awaited")
    stream.close()
    assert told.get(timeout=WAIT_S).code is ErrorCode.CANCELLED
    wait_until(lambda: user.closed == 1, "finally to run")


def test_other_calls_run_between_the_items(make_service: Serve) -> None:
    user = Counts()
    service = make_service(user)
    stream = service.call(call("abc", accepts_stream=True))
    pulled(stream)
    assert json.loads(service.call(call("z")))["strData"] == "z#"
    assert pulled(stream)["strData"] == "b#"
    stream.close()
    wait_until(lambda: user.closed == 2, "finally to run")


@pytest.mark.parametrize("kind", [Counts, Later])
def test_many_items_are_pulled_one_after_another(make_service: Serve, kind: type[Counts]) -> None:
    stream = make_service(kind()).call(call("x" * 100, accepts_stream=True))
    told: SimpleQueue[Any] = SimpleQueue()

    def take(item: Any, error: SeldonError | None) -> None:
        told.put(error or item)
        if item is not None:
            stream.pull(take)

    stream.pull(take)
    items = list(iter(lambda: told.get(timeout=WAIT_S), None))
    assert [json.loads(item)["meta"]["tags"]["at"] for item in items] == [*range(1, 101)]


def test_infer_may_yield_arrays(make_service: Serve) -> None:
    class Infers:
        def infer(self, inputs: Any) -> Iterator[Any]:
            for array in inputs.values():
                yield {"out": array * 2}

    service = make_service(Infers())
    arrays = Message(Payload(ARRAYS, {"a": np.ones((1, 1)), "b": np.ones((2, 1))}))
    answer = service.call(Call(Method.PREDICT, arrays, NeutralCodec(), "test"))
    assert answer.payload.value["out"].tolist() == [[2], [2], [2]]


def test_a_generator_from_a_method_with_one_answer_is_an_error(make_service: Serve) -> None:
    class Odd:
        def route(self, X: Any, names: Any) -> Any:
            return (number for number in (1, 2))

    request = Call(Method.ROUTE, b'{"strData":"x"}', JsonCodec(Limits()), "test")
    with pytest.raises(SeldonError, match="route returned a generator, expected the result itself"):
        make_service(Odd()).call(request)


@pytest.mark.parametrize("kind", [Within, Awaited])
@pytest.mark.parametrize("accepts", [True, False])
def test_a_response_adds_to_each_item_of_its_generator(
    make_service: Serve, kind: type[Counts], accepts: bool
) -> None:
    service = make_service(kind())
    asked = call("ab", accepts_stream=accepts)
    answer = service.call(asked)
    items = [pulled(answer), pulled(answer)] if accepts else [json.loads(answer)]
    assert [item["strData"] for item in items] == (["a#", "b#"] if accepts else ["a#b#"])
    assert items[-1]["meta"] == {"tags": {"of": "all", "at": 2}, "metrics": [ASKED]}
    assert asked.response_headers == {"X-Of": "all"}
    if accepts:
        assert pulled(answer) is None
    assert [metric.key for metric in asked.metrics] == ["asked"]


def test_a_response_adds_to_the_result_of_its_coroutine(make_service: Serve) -> None:
    class Waits:
        def predict(self, X: Any, names: Any) -> Response:
            return Response(self.later(X), {"of": "all"}, headers={"X-Of": "all"})

        async def later(self, X: Any) -> Response:
            return Response(X, {"own": 1})

    asked = call("a")
    answer = json.loads(make_service(Waits()).call(asked))
    assert answer == {"meta": {"tags": {"of": "all", "own": 1}}, "strData": "a"}
    assert asked.response_headers == {"X-Of": "all"}


@pytest.mark.parametrize(
    ("additions", "message"),
    [
        ({"headers": {"X": object}}, "Response.headers has 'X': "),
        ({"tags": 7}, "tags"),
        ({"metrics": 7}, "metrics"),
    ],
)
def test_invalid_additions_of_a_response_around_a_generator_are_named(
    make_service: Serve, additions: dict[str, Any], message: str
) -> None:
    class Odd:
        def predict(self, X: Any, names: Any) -> Response:
            return Response((Response(x, {"a": 1}, [ASKED]) for x in X), **additions)

    with pytest.raises(SeldonError, match=message) as caught:
        make_service(Odd()).call(call("ab"))
    assert caught.value.code in (ErrorCode.COMPONENT_FAILED, ErrorCode.BAD_METRIC)


def test_infer_may_return_a_generator_in_a_response(make_service: Serve) -> None:
    class Infers:
        def infer(self, inputs: Any) -> Any:
            return Response(({"out": array * 2} for array in inputs.values()), {"of": "all"})

    service = make_service(Infers())
    arrays = Message(Payload(ARRAYS, {"a": np.ones((1, 1)), "b": np.ones((2, 1))}))
    answer = service.call(Call(Method.PREDICT, arrays, NeutralCodec(), "test"))
    assert answer.payload.value["out"].tolist() == [[2], [2], [2]]
    assert answer.meta.tags == {"of": "all"}
    joined = json.loads(
        service.call(Call(Method.PREDICT, b'{"data":{"ndarray":[[1]]}}', JsonCodec(Limits()), "t"))
    )
    assert joined["meta"]["tags"] == {"of": "all"}
