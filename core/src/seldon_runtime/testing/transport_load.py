"""A transport whose component is busy: waiting, refusing, giving up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.message import Method
from seldon_runtime.testing.components import Gated
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Served
from seldon_runtime.testing.transport_subject import CallFailed, TransportSubject, answer_in_process
from seldon_runtime.testing.waiting import WAIT_S, Background, wait_until

_WAITING = 20
_DEADLINE_S = 0.2


class TransportLoad(TransportSubject):
    """Part of :class:`TransportContract`."""

    def occupy(self, served: Served, gated: Gated) -> Background:
        """A call that keeps the component busy until the gate is opened."""
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
            pytest.skip(f"{self.transport} leaves what it has no room for where it is")
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

    def test_more_calls_than_the_queue_holds_are_all_answered_in_the_end(
        self, serve: Callable[..., Served]
    ) -> None:
        if self.sheds_load:
            pytest.skip(f"{self.transport} refuses what it has no room for")
        gated = Gated()
        served = serve(gated, "--queue-size", "2")
        running = self.occupy(served, gated)
        texts = [str(number) for number in range(_WAITING)]
        waiting = [Background(lambda text=text: self.ask_text(served, text)) for text in texts]  # type: ignore[misc]
        wait_until(lambda: served.executor.waiting, "calls to wait")
        gated.open()
        assert running.outcome == "wait"
        assert [client.outcome for client in waiting] == texts
        assert [record.error for record in served.records if record.error] == []

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
        wait_until(lambda: served.calls[-1].cancelled, "the transport to notice that its client has gone")
        gated.open()
        assert running.outcome == "wait"
        assert self.ask_text(served, "next") == "next"
        assert gated.seen == ["wait", "next"]
        codes = [record.error.code for record in served.records if record.error]
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
