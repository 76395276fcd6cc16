"""The contract suite of observers."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Metric
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.observer import Lifecycle, Observer, SaveRecord
from seldon_runtime.testing.components import Mirror
from seldon_runtime.testing.contracts.transport.answers import REQUESTS
from seldon_runtime.testing.contracts.transport.subject import answer_in_process
from seldon_runtime.testing.served import Services
from seldon_runtime.testing.waiting import WAIT_S, within

_THREADS = 8
_CALLS = 50


def finished(
    method: Method = Method.PREDICT,
    error: SeldonError | None = None,
    *,
    metrics: Sequence[Metric] = (),
    reward: float | None = None,
    request_bytes: int = 100,
    seconds: float = 0.001,
) -> tuple[Call, Outcome]:
    """Return a finished call and its outcome."""
    call = Call(method, None, NeutralCodec(), "test", request_bytes=request_bytes)
    call.metrics, call.reward = metrics, reward
    status = "OK" if error is None else error.code.name
    return call, Outcome(error, status, seconds, 2 * seconds, 100)


class ObserverContract:
    """The contract of observers. Subclass it as ``TestMyObserver`` and define :meth:`make_observer`.

    Needs the fixtures of ``seldon_runtime.testing.fixtures``.
    """

    @abstractmethod
    def make_observer(self) -> Observer:
        """Return a new observer, as the plugin's ``seldon_observer`` does."""

    def close_observer(self, observer: Observer) -> None:
        """Release the resources of :meth:`make_observer`; by default do nothing."""

    def calls_seen(self, observer: Observer) -> int:
        """Return the number of calls that the observer has seen; skip the test if it does not count."""
        pytest.skip("the observer does not count calls")

    @pytest.fixture
    def observer(self) -> Iterator[Observer]:
        """An observer, closed after the test."""
        observer = self.make_observer()
        yield observer
        self.close_observer(observer)

    @pytest.mark.parametrize("method", Method, ids=lambda method: method.value)
    def test_every_method_is_taken(self, observer: Observer, method: Method) -> None:
        observer.call_finished(*finished(method))

    @pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
    def test_every_error_is_taken(self, observer: Observer, code: ErrorCode) -> None:
        observer.call_finished(
            *finished(error=SeldonError("no", code=code, reason="ACME_OWN", status_code=499))
        )

    def test_a_failure_of_user_code_is_taken(self, observer: Observer) -> None:
        observer.call_finished(*finished(error=ComponentFailed("Model.predict", ValueError("\ud800"))))

    @pytest.mark.parametrize("reward", [0.0, -1.5, 1e38, math.nan, math.inf])
    def test_every_reward_is_taken(self, observer: Observer, reward: float) -> None:
        observer.call_finished(*finished(Method.SEND_FEEDBACK, reward=reward))

    @pytest.mark.parametrize(
        "key", ["plain", "grüß 日本", "", "with space-and.dots", "x" * 5000, "\0"], ids=len
    )
    @pytest.mark.parametrize("kind", ["COUNTER", "GAUGE", "TIMER"])
    def test_every_custom_metric_is_taken(self, observer: Observer, key: str, kind: str) -> None:
        for value in (0.0, -5.0, 1e300, math.nan, math.inf):
            observer.call_finished(*finished(metrics=[Metric(key, kind, value, {key: key, "b": ""})]))

    def test_odd_times_and_sizes_are_taken(self, observer: Observer) -> None:
        observer.call_finished(*finished(seconds=0.0, request_bytes=0))
        observer.call_finished(*finished(seconds=1e6, request_bytes=2**40))

    def test_a_whole_life_is_taken_and_calls_after_it_too(self, observer: Observer) -> None:
        for state in Lifecycle:
            observer.lifecycle_changed(state)
        observer.call_finished(*finished())

    def test_a_call_that_starts_is_taken(self, observer: Observer) -> None:
        call, outcome = finished()
        observer.call_started(call)
        observer.call_finished(call, outcome)

    def test_it_can_be_started_and_stopped(self) -> None:
        other = self.make_observer()
        try:
            within(other.start, "start()")
            other.call_finished(*finished())
        finally:
            within(lambda: other.stop(WAIT_S), "stop()", 2 * WAIT_S)
            self.close_observer(other)

    def test_saves_are_taken(self, observer: Observer) -> None:
        observer.state_saved(SaveRecord(error=None, blob_bytes=10, paused_s=0.1, wrote_s=0.2))
        observer.state_saved(
            SaveRecord(error="the store did not answer", blob_bytes=0, paused_s=0.0, wrote_s=0.0)
        )

    def test_it_may_be_told_by_many_threads_at_once(self, observer: Observer) -> None:
        def tell(_: int) -> None:
            for _ in range(_CALLS):
                observer.call_finished(*finished(metrics=[Metric("key", "COUNTER", 1.0)]))

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(tell, range(_THREADS)))
        assert self.calls_seen(observer) == _THREADS * _CALLS

    def test_it_sees_every_call_of_a_service_once_also_those_that_fail(
        self, observer: Observer, make_service: Services
    ) -> None:
        service = make_service(Mirror())
        service.attach([observer])
        for _ in range(3):
            answer_in_process(service, Method.PREDICT, {"strData": "text"})
        for text in ("exception", "OVERLOADED"):
            with pytest.raises(SeldonError):
                answer_in_process(service, Method.PREDICT, {"strData": text})
        assert self.calls_seen(observer) == 5

    def test_a_service_with_it_answers_as_without_it_and_logs_no_fault(
        self, observer: Observer, make_service: Services, caplog: pytest.LogCaptureFixture
    ) -> None:
        service, other = make_service(Mirror()), make_service(Mirror())
        service.attach([observer])
        observer.lifecycle_changed(Lifecycle.READY)
        for method, request in REQUESTS.items():
            expected = answer_in_process(other, method, request)
            assert answer_in_process(service, method, request) == expected
        service.executor.run(lambda: None)
        assert not _faults(observer, caplog)

    def test_a_call_that_was_dropped_is_taken(
        self, observer: Observer, make_service: Callable[..., Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        service = make_service(Mirror())
        service.attach([observer])
        call = Call(Method.PREDICT, b"{}", JsonCodec(Limits()), "test", cancelled=True)
        with pytest.raises(SeldonError):
            service.call(call)
        service.executor.run(lambda: None)
        assert not _faults(observer, caplog)

    def test_two_of_them_do_not_disturb_each_other(self, observer: Observer) -> None:
        other = self.make_observer()
        try:
            observer.call_finished(*finished())
            other.call_finished(*finished())
            other.call_finished(*finished())
            assert (self.calls_seen(observer), self.calls_seen(other)) == (1, 2)
        finally:
            self.close_observer(other)


def _faults(observer: Observer, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the log's messages about exceptions of the observer."""
    return [message for message in caplog.messages if f"{type(observer).__qualname__} failed" in message]
