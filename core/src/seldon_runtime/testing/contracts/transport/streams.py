"""The tests of a transport whose clients take streams: the items of a method that yields, one by one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.testing.components import AwaitingItems, Mirror, Yielding, YieldingLater, Yields
from seldon_runtime.testing.contracts.transport.answers import ROWS
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject, answer_in_process
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Served
from seldon_runtime.testing.waiting import WAIT_S, Background, wait_until

_CLIENTS = 8
_STOPPED = 3
"""The clients that do not read."""
_MOST_MADE = 1000
"""More items of 64 KiB than all buffers between a generator and a client that does not read hold."""
_DEADLINE_S = 0.2
_SHORT_GRACE_S = 0.2


class TransportStreams(TransportSubject):
    """Part of :class:`TransportContract`."""

    def texts(self, served: Served, text: str, timeout_s: float = WAIT_S) -> Iterator[str]:
        """Return the texts of a stream, which is open once the first is taken."""
        return _texts(self.stream(served.address, {"strData": text}, timeout_s))

    def test_each_item_arrives_before_the_next_is_made(self, serve: Callable[..., Served]) -> None:
        user = Yields()
        items = self.texts(serve(user), "a_b")
        assert next(items) == "a"
        assert user.made == 1
        user.open()
        assert list(items) == ["_", "b"]

    @pytest.mark.parametrize("kind", [Yielding, YieldingLater])
    @pytest.mark.parametrize("request_", [{"strData": "a text"}, ROWS])
    def test_items_of_a_stream_are_the_components(
        self, serve: Callable[..., Served], kind: type, request_: Any
    ) -> None:
        served = serve(kind())
        expected = items_in_process(served.service, request_)
        found = list(self.stream(served.address, request_, WAIT_S))
        assert len(found) == len(expected) > 1
        for wanted, item in zip(expected, found, strict=True):
            assert_same_answer(wanted, item)

    def test_a_method_that_returns_gives_a_stream_of_one_item(self, serve: Callable[..., Served]) -> None:
        served = serve(Mirror())
        (item,) = self.stream(served.address, ROWS, WAIT_S)
        assert_same_answer(answer_in_process(served.service, Method.PREDICT, ROWS), item)

    def test_an_error_ends_a_stream_after_the_items_before_it(self, serve: Callable[..., Served]) -> None:
        served = serve(Yields())
        items = self.texts(served, "ab!")
        assert [next(items), next(items)] == ["a", "b"]
        with pytest.raises(CallFailed) as caught:
            next(items)
        assert caught.value.reason == "MICROSERVICE_INTERNAL_ERROR"
        assert caught.value.message == "ValueError: no more"
        assert list(self.texts(served, "c")) == ["c"]

    def test_a_stream_that_cannot_begin_is_an_error(self, serve: Callable[..., Served]) -> None:
        served = serve(Yields())
        with pytest.raises(CallFailed) as caught:
            list(self.stream(served.address, {}, WAIT_S))
        assert caught.value.reason == "MICROSERVICE_BAD_DATA"
        assert list(self.texts(served, "c")) == ["c"]

    def test_a_client_that_leaves_a_stream_closes_the_generator(self, serve: Callable[..., Served]) -> None:
        user = Yields()
        served = serve(user)
        items = self.texts(served, "*")
        next(items)
        items.close()  # type: ignore[attr-defined]  # a generator
        wait_until(lambda: user.closed == 1, "the generator to be closed")
        assert self.ask_text(served, "next") == "next"
        codes = [outcome.error.code for _, outcome in served.records if outcome.error]
        assert codes == [ErrorCode.CANCELLED]

    def test_a_client_that_leaves_while_a_stream_awaits_ends_the_wait(
        self, serve: Callable[..., Served]
    ) -> None:
        user = AwaitingItems()
        served = serve(user, "--concurrency", str(_STOPPED))
        items = [self.texts(served, "a_b") for _ in range(_STOPPED)]
        assert [next(each) for each in items] == ["a"] * _STOPPED
        wait_until(lambda: len(user.came) == _STOPPED, "the next items to be awaited")
        for each in items:
            each.close()  # type: ignore[attr-defined]  # a generator
        wait_until(lambda: len(user.cancelled) == _STOPPED, "the generators to be cancelled")
        assert self.ask_text(served, "next") == "next"
        codes = [outcome.error.code for _, outcome in served.records if outcome.error]
        assert codes == [ErrorCode.CANCELLED] * _STOPPED

    def test_a_client_that_reads_nothing_keeps_no_items_and_no_other_call_waiting(
        self, serve: Callable[..., Served]
    ) -> None:
        user = Yields()
        served = serve(user)
        items = [self.texts(served, "*") for _ in range(_STOPPED)]
        for each in items:
            next(each)
        asked, made = 0, -1
        while made != user.made - asked:
            made = user.made - asked
            assert made < _MOST_MADE * _STOPPED, "the transport pulls items that its clients do not read"
            assert self.ask_text(served, "x") == "x"
            asked += 1
        for each in items:
            each.close()  # type: ignore[attr-defined]
        wait_until(lambda: user.closed == _STOPPED + asked, "the generators to be closed")

    def test_the_deadline_counts_for_the_whole_stream(self, serve: Callable[..., Served]) -> None:
        if not self.carries_deadlines:
            pytest.skip(f"{self.transport} carries no deadlines")
        user = Yields()
        served = serve(user)
        items = self.texts(served, "a_bc", _DEADLINE_S)
        failed = Background(lambda: list(items)).outcome
        assert isinstance(failed, TimeoutError) or failed.reason == "MICROSERVICE_DEADLINE_EXCEEDED"
        user.open()
        wait_until(lambda: user.closed == user.begun, "the generator to be closed")
        assert user.made <= 2, "the stream went on after its deadline"
        assert self.ask_text(served, "x") == "x"

    def test_streams_of_many_clients_are_not_mixed_up(self, serve: Callable[..., Served]) -> None:
        served = serve(Yields())
        texts = [str(number) * 20 for number in range(_CLIENTS)]
        with ThreadPoolExecutor(_CLIENTS) as pool:
            found = list(pool.map(lambda text: "".join(self.texts(served, text)), texts))
        assert found == texts

    def test_an_open_stream_is_finished_while_it_drains(self, serve: Callable[..., Served]) -> None:
        user = Yields()
        served = serve(user)
        items = self.texts(served, "a_b")
        assert next(items) == "a"
        served.drain()
        stopping = Background(served.stop)
        user.open()
        assert list(items) == ["_", "b"]
        assert stopping.outcome is None

    def test_a_stream_that_outlasts_the_grace_period_is_ended(self, serve: Callable[..., Served]) -> None:
        user = Yields()
        served = serve(user)
        items = self.texts(served, "a_bc", 2 * WAIT_S)
        assert next(items) == "a"
        rest = Background(lambda: list(items))
        served.drain()
        stopping = Background(lambda: served.stop_transports(_SHORT_GRACE_S))
        assert stopping.outcome is None
        ended = rest.outcome
        if isinstance(ended, CallFailed):
            assert ended.reason == "MICROSERVICE_UNAVAILABLE"
        else:
            assert isinstance(ended, OSError)
            assert not isinstance(ended, TimeoutError)
        user.open()
        wait_until(lambda: user.closed == 1, "the generator to be closed")
        assert user.made <= 2


def items_in_process(service: Service, request: Any) -> list[Any]:
    """Return the items of a stream of PREDICT as parsed JSON, without a transport."""
    call = Call(Method.PREDICT, json.dumps(request), JsonCodec(service.limits), "in process")
    call.accepts_stream = True

    async def items() -> list[Any]:
        stream = await service.call_async(call)
        found = []
        while (item := await stream.pull_async()) is not None:
            found.append(json.loads(item))
        return found

    return asyncio.run(items())


def _texts(items: Iterator[Any]) -> Iterator[str]:
    """Yield the texts of items; closing this generator closes the stream."""
    try:
        for item in items:
            yield item["strData"]
    finally:
        items.close()  # type: ignore[attr-defined]
