"""What every observer must do."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from seldon_runtime.call import Call
from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method, Metric
from seldon_runtime.observer import CallRecord, Observer, SaveRecord
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.testing.components import Mirror
from seldon_runtime.testing.served import Services
from seldon_runtime.testing.transport_answers import REQUESTS
from seldon_runtime.testing.transport_subject import answer_in_process

_THREADS = 8
_CALLS = 50
_LIFE = ("loaded", "ready", "draining", "stopped")


def record(method: Method = Method.PREDICT, error: SeldonError | None = None, **changes: Any) -> CallRecord:
    """A record of a call, as observers are told of it."""
    values: dict[str, Any] = {"waited_s": 0.001, "ran_s": 0.002, "request_bytes": 100, "response_bytes": 100}
    values |= {"metrics": (), "reward": None}
    return CallRecord(method=method, transport="test", error=error, **{**values, **changes})


class ObserverContract:
    """Subclass it as ``TestMyObserver`` and define :meth:`make_observer`; pytest runs every test of it.

    Needs the fixtures of ``seldon_runtime.testing.fixtures``.
    """

    @abstractmethod
    def make_observer(self) -> Observer:
        """A new observer, as the plugin's ``seldon_observer`` gives it."""

    def close_observer(self, observer: Observer) -> None:
        """Let go of what :meth:`make_observer` took; nothing by default."""

    def calls_seen(self, observer: Observer) -> int:
        """How many calls the observer has been told of, if it can say."""
        pytest.skip("the observer does not say how many calls it has seen")

    @pytest.fixture
    def observer(self) -> Iterator[Observer]:
        """One observer, closed after the test."""
        observer = self.make_observer()
        yield observer
        self.close_observer(observer)

    @pytest.mark.parametrize("method", Method, ids=lambda method: method.value)
    def test_every_method_is_taken(self, observer: Observer, method: Method) -> None:
        observer.call_finished(record(method))

    @pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
    def test_every_error_is_taken(self, observer: Observer, code: ErrorCode) -> None:
        observer.call_finished(record(error=SeldonError("no", code=code, reason="ACME_OWN", status_code=499)))

    def test_a_failure_of_user_code_is_taken(self, observer: Observer) -> None:
        observer.call_finished(record(error=ComponentFailed("Model.predict", ValueError("\ud800"))))

    @pytest.mark.parametrize("reward", [0.0, -1.5, 1e38, math.nan, math.inf])
    def test_every_reward_is_taken(self, observer: Observer, reward: float) -> None:
        observer.call_finished(record(Method.SEND_FEEDBACK, reward=reward))

    @pytest.mark.parametrize(
        "key", ["plain", "grüß 日本", "", "with space-and.dots", "x" * 5000, "\0"], ids=len
    )
    @pytest.mark.parametrize("kind", ["COUNTER", "GAUGE", "TIMER"])
    def test_every_custom_metric_is_taken(self, observer: Observer, key: str, kind: str) -> None:
        for value in (0.0, -5.0, 1e300, math.nan, math.inf):
            observer.call_finished(record(metrics=[Metric(key, kind, value, {key: key, "b": ""})]))

    def test_odd_times_and_sizes_are_taken(self, observer: Observer) -> None:
        observer.call_finished(record(waited_s=0.0, ran_s=0.0, request_bytes=0))
        observer.call_finished(record(waited_s=1e6, ran_s=1e6, request_bytes=2**40))

    def test_a_whole_life_is_taken_and_calls_after_it_too(self, observer: Observer) -> None:
        for state in _LIFE:
            observer.life_changed(state)
        observer.call_finished(record())

    def test_a_state_that_it_does_not_know_is_taken(self, observer: Observer) -> None:
        observer.life_changed("dreaming")  # later versions may tell of more

    def test_saves_are_taken(self, observer: Observer) -> None:
        saved = getattr(observer, "state_saved", None)
        if saved is None:
            pytest.skip("the observer does not want to be told of saves")
        saved(SaveRecord(error=None, blob_bytes=10, paused_s=0.1, wrote_s=0.2))
        saved(SaveRecord(error="the store did not answer", blob_bytes=0, paused_s=0.0, wrote_s=0.0))

    def test_it_may_be_told_by_many_threads_at_once(self, observer: Observer) -> None:
        def tell(_: int) -> None:
            for _ in range(_CALLS):
                observer.call_finished(record(metrics=[Metric("key", "COUNTER", 1.0)]))

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(tell, range(_THREADS)))
        assert self.calls_seen(observer) == _THREADS * _CALLS

    def test_it_sees_every_call_of_a_service_once_also_those_that_fail(
        self, observer: Observer, make_service: Services
    ) -> None:
        service = make_service(Mirror())
        service.attach([observer], [])
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
        service.attach([observer], [])
        service.change_life("ready")
        for method, request in REQUESTS.items():
            expected = answer_in_process(other, method, request)
            assert answer_in_process(service, method, request) == expected
        service.executor.run(lambda: None)
        service.change_life("stopped")
        assert not [message for message in caplog.messages if "observer" in message]

    def test_a_call_that_was_dropped_is_taken(
        self, observer: Observer, make_service: Callable[..., Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        service = make_service(Mirror())
        service.attach([observer], [])
        call = Call(Method.PREDICT, b"{}", JsonCodec(Limits()), "test", cancelled=True)
        with pytest.raises(SeldonError):
            service.call(call)
        service.executor.run(lambda: None)
        assert not [message for message in caplog.messages if "observer" in message]

    def test_two_of_them_do_not_disturb_each_other(self, observer: Observer) -> None:
        other = self.make_observer()
        try:
            observer.call_finished(record())
            other.call_finished(record())
            other.call_finished(record())
            assert (self.calls_seen(observer), self.calls_seen(other)) == (1, 2)
        finally:
            self.close_observer(other)
