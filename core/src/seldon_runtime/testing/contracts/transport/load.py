"""The tests of a transport whose component is busy: waiting, refusing, timeouts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference.method import Method
from seldon_runtime.testing.components import Gated
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject, answer_in_process
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Served
from seldon_runtime.testing.waiting import WAIT_S, Background, wait_until

_WAITING = 20
_DEADLINE_S = 0.2
_LARGE = 20_000
"""Characters of a text that is counted on every wire."""
_LARGE_FIT = 8
"""How many of them may wait, at most."""


class TransportLoad(TransportSubject):
    """Part of :class:`TransportContract`."""

    def occupy(self, served: Served, gated: Gated) -> Background:
        """Start a call that keeps the component busy until the gate opens."""
        running = Background(lambda: self.ask_text(served, "wait"))
        gated.wait_until_entered()
        return running

    def test_clients_wait_together_for_a_busy_component(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        texts = [str(number) for number in range(_WAITING)]
        waiting = [Background(lambda text=text: self.ask_text(served, text)) for text in texts]  # type: ignore[misc]
        wait_until(lambda: served.executor.waiting == _WAITING, "all calls to wait for the component")
        assert not any(client.done for client in waiting)
        gated.open()
        assert running.outcome == "wait"
        assert [client.outcome for client in waiting] == texts

    def test_beyond_the_queue_calls_are_refused_at_once(self, serve: Callable[..., Served]) -> None:
        if not self.sheds_load:
            pytest.skip(f"{self.transport} leaves messages in place while the queue is full")
        gated = Gated()
        served = serve(gated, "--queue-size", "2")
        accepted = [self.occupy(served, gated)]
        for number in range(2):
            accepted.append(Background(lambda: self.ask_text(served, "queued")))
            wait_until(lambda number=number: served.executor.waiting == number + 1, "a call to be queued")  # type: ignore[misc]
        assert self.failure(served, {"strData": "too many"}).reason == "MICROSERVICE_OVERLOADED"
        gated.open()
        assert [client.outcome for client in accepted] == ["wait", "queued", "queued"]
        assert "too many" not in gated.seen
        assert self.ask_text(served, "room again") == "room again"

    def test_beyond_the_memory_budget_calls_are_refused_and_small_ones_go_on(
        self, serve: Callable[..., Served]
    ) -> None:
        if not self.sheds_load:
            pytest.skip(f"{self.transport} leaves messages in place while memory is short")
        if self.max_message_bytes is not None and self.max_message_bytes < 2 * _LARGE:
            pytest.skip(f"the messages of {self.transport} are too small to be counted")
        gated = Gated()
        budget = str(_LARGE * _LARGE_FIT * 2)  # of which bodies may take half
        served = serve(gated, "--memory-budget", budget, "--max-request-memory", budget)
        running = self.occupy(served, gated)
        accepted: list[Background] = []
        refused: CallFailed | None = None
        for number in range(_LARGE_FIT + 1):
            text = str(number) * _LARGE
            asked = Background(lambda text=text: self.ask_text(served, text))  # type: ignore[misc]
            wait_until(
                lambda asked=asked: asked.done or served.executor.waiting > len(accepted),  # type: ignore[misc]
                "a call to be queued or refused",
            )
            if asked.done:
                refused = asked.outcome
                break
            accepted.append(asked)
        assert accepted
        assert isinstance(refused, CallFailed)
        assert refused.reason == "MICROSERVICE_OVERLOADED"
        small = Background(lambda: self.ask_text(served, "small"))
        wait_until(lambda: served.executor.waiting > len(accepted), "a small call to be queued")
        gated.open()
        assert running.outcome == "wait"
        assert [each.outcome for each in accepted] == [str(n) * _LARGE for n in range(len(accepted))]
        assert small.outcome == "small"
        served.calls.clear()  # which a transport does not keep
        served.records.clear()
        assert self.ask_text(served, "x" * _LARGE) == "x" * _LARGE

    def test_more_calls_than_the_queue_holds_are_all_answered_in_the_end(
        self, serve: Callable[..., Served]
    ) -> None:
        if self.sheds_load:
            pytest.skip(f"{self.transport} refuses calls while the queue is full")
        gated = Gated()
        served = serve(gated, "--queue-size", "2")
        running = self.occupy(served, gated)
        texts = [str(number) for number in range(_WAITING)]
        waiting = [Background(lambda text=text: self.ask_text(served, text)) for text in texts]  # type: ignore[misc]
        wait_until(lambda: served.executor.waiting, "calls to wait")
        gated.open()
        assert running.outcome == "wait"
        assert [client.outcome for client in waiting] == texts
        assert [outcome.error for _, outcome in served.records if outcome.error] == []

    def test_a_call_whose_deadline_passes_while_it_waits_is_never_run(
        self, serve: Callable[..., Served]
    ) -> None:
        if not self.carries_deadlines:
            pytest.skip(f"{self.transport} carries no deadlines")
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        late = Background(lambda: self.call(served.address, Method.PREDICT, {"strData": "late"}, _DEADLINE_S))
        failed = late.outcome
        assert isinstance(failed, TimeoutError) or failed.reason == "MICROSERVICE_DEADLINE_EXCEEDED"
        gated.open()
        assert running.outcome == "wait"
        assert self.ask_text(served, "next") == "next"
        assert gated.seen == ["wait", "next"]

    def test_a_call_with_time_left_is_run(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        answer = self.call(serve(gated).address, Method.PREDICT, {"strData": "in time"}, WAIT_S)
        assert answer["strData"] == "in time"

    def test_a_call_whose_client_has_gone_is_never_run(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        self.leave(
            served.address,
            {"strData": "gone"},
            lambda: wait_until(lambda: served.executor.waiting == 1, "the call to be accepted"),
        )
        wait_until(lambda: served.calls[-1].cancelled, "the transport to notice that its client disconnected")
        gated.open()
        assert running.outcome == "wait"
        assert self.ask_text(served, "next") == "next"
        assert gated.seen == ["wait", "next"]
        codes = [outcome.error.code for _, outcome in served.records if outcome.error]
        assert codes == [ErrorCode.CANCELLED]

    def test_health_is_answered_while_the_component_is_busy(self, serve: Callable[..., Served]) -> None:
        self.skip_unless_called(Method.HEALTH_STATUS)
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        expected = answer_in_process(served.service, Method.HEALTH_STATUS, None)
        assert_same_answer(expected, self.ask(served, None, Method.HEALTH_STATUS))
        gated.open()
        assert running.outcome == "wait"

    def test_readiness_is_told_while_the_component_is_busy(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        assert self.is_ready(served.address)
        gated.open()
        assert running.outcome == "wait"

    def test_a_failing_call_does_not_harm_those_that_wait(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        running = self.occupy(served, gated)
        bad = Background(lambda: self.ask(served, {"data": {}}))
        good = Background(lambda: self.ask_text(served, "good"))
        gated.open()
        assert running.outcome == "wait"
        assert isinstance(bad.outcome, CallFailed)
        assert good.outcome == "good"
