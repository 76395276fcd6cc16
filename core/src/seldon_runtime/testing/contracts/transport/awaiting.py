"""The tests of a transport whose component has async methods or generators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference.method import Method
from seldon_runtime.testing.components import Awaiting, Yielding, YieldingLater
from seldon_runtime.testing.contracts.transport.subject import TransportSubject, answer_in_process
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Served
from seldon_runtime.testing.waiting import Background, wait_until

_AT_ONCE = 12
_DEADLINE_S = 0.2


class TransportAwaiting(TransportSubject):
    """Part of :class:`TransportContract`."""

    def test_calls_of_an_async_method_are_under_way_together(self, serve: Callable[..., Served]) -> None:
        user = Awaiting()
        served = serve(user, "--concurrency", str(_AT_ONCE))
        texts = [f"wait {number}" for number in range(_AT_ONCE)]
        asked = [Background(lambda text=text: self.ask_text(served, text)) for text in texts]  # type: ignore[misc]
        wait_until(lambda: len(user.seen) == _AT_ONCE, "all calls to be under way")
        one_more = Background(lambda: self.ask_text(served, "one more"))
        wait_until(lambda: served.executor.waiting == 1, "a further call to wait")
        user.open()
        assert [one.outcome for one in asked] == texts
        assert one_more.outcome == "one more"

    @pytest.mark.parametrize("kind", [Yielding, YieldingLater])
    @pytest.mark.parametrize("request_", [{"strData": "a text"}, {"data": {"ndarray": [[1, 2], [3, 4]]}}])
    def test_the_items_of_a_generator_are_joined(
        self, serve: Callable[..., Served], kind: type, request_: Any
    ) -> None:
        served = serve(kind())
        expected = answer_in_process(served.service, Method.PREDICT, request_)
        assert_same_answer(expected, self.ask(served, request_))
        assert [outcome.error for _, outcome in served.records] == [None, None]

    def test_a_generator_that_fails_fails_its_call(self, serve: Callable[..., Served]) -> None:
        served = serve(Yielding())
        failed = self.failure(served, {"strData": "fails!"})
        assert failed.reason == "MICROSERVICE_INTERNAL_ERROR"
        assert self.ask_text(served, "next") == "next"

    def test_an_async_call_whose_client_has_gone_is_cancelled(self, serve: Callable[..., Served]) -> None:
        user = Awaiting()
        served = serve(user)
        self.leave(
            served.address,
            {"strData": "wait gone"},
            lambda: wait_until(lambda: user.seen, "the call to be under way"),
        )
        wait_until(lambda: user.cancelled == ["wait gone"], "the coroutine to be cancelled")
        assert self.ask_text(served, "next") == "next"
        codes = [outcome.error.code for _, outcome in served.records if outcome.error]
        assert codes == [ErrorCode.CANCELLED]

    def test_an_async_call_whose_deadline_passes_is_cancelled(self, serve: Callable[..., Served]) -> None:
        if not self.carries_deadlines:
            pytest.skip(f"{self.transport} carries no deadlines")
        user = Awaiting()
        served = serve(user)
        late = Background(lambda: self.call(served.address, Method.PREDICT, {"strData": "wait"}, _DEADLINE_S))
        failed = late.outcome
        assert isinstance(failed, TimeoutError) or failed.reason == "MICROSERVICE_DEADLINE_EXCEEDED"
        wait_until(lambda: user.cancelled == ["wait"] or not user.seen, "the coroutine to be cancelled")
        assert self.ask_text(served, "next") == "next"
