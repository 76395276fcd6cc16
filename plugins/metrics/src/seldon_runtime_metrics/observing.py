"""What the runtime tells: calls on their way, finished calls, and changes of its life."""

from __future__ import annotations

from typing import Any

from seldon_runtime.call import Call
from seldon_runtime.errors import ErrorCode
from seldon_runtime.observer import CallRecord
from seldon_runtime_metrics.calls import Row
from seldon_runtime_metrics.custom import CustomMetrics
from seldon_runtime_metrics.instruments import Instruments

_NEVER_STARTED = frozenset(
    {ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE, ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED}
)
_SAVES = {"saved": "saved", "save_failed": "failed"}


class RuntimeObserver:
    """Counts finished calls and the worker's life.

    Args:
        instruments: where it counts.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._rows: dict[tuple[int, str], Row] = {}  # an Enum's own hash is slow

    def call_finished(self, record: CallRecord) -> None:
        """After every call, refused ones included."""
        key = id(record.method), record.transport
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._instruments.calls.row(record.method.label, record.transport)
        duration_s: float | None = record.waited_s + record.ran_s
        if record.error is not None:
            code = record.error.code
            self._instruments.errors.labels(record.method.label, record.transport, _word(code)).inc()
            if code in _NEVER_STARTED:
                duration_s = None
        self._instruments.calls.add(row, record.request_bytes, duration_s, record.waited_s)

    def life_changed(self, state: str) -> None:
        """``loaded``, ``ready``, ``draining``, ``stopped``; a store may add ``saved`` and ``save_failed``."""
        if state == "loaded":
            self._instruments.starts.inc()
        if state in _SAVES:
            self._instruments.saves.labels(_SAVES[state]).inc()
        else:
            self._instruments.ready.set(state == "ready")


def _word(code: object) -> str:
    """The code as a label; user code may have set its error's to anything."""
    return code.name if isinstance(code, ErrorCode) else ErrorCode.COMPONENT_FAILED.name


class CustomMetricsInterceptor:
    """Counts the component's own metrics before the answer goes out, so that a client who has its answer
    finds them on the page, and so that a metric can still be refused.

    Args:
        custom: where it counts.
        count_feedback: whether rewards are counted.
    """

    def __init__(self, custom: CustomMetrics, *, count_feedback: bool = True) -> None:
        self._custom = custom
        self._count_feedback = count_feedback
        self._running: list[None] = []  # its appends and pops need no lock of ours

    @property
    def running(self) -> int:
        """How many calls are in the component at this moment."""
        return len(self._running)

    def intercept(self, call: Call, proceed: Any) -> Any:
        """The answer, unaltered. A reward counts whatever becomes of its call.

        Raises:
            SeldonError: what the call raised, or BAD_METRIC of :meth:`CustomMetrics.count`.
        """
        self._running.append(None)
        try:
            answer = proceed(call)
        finally:
            self._running.pop()
            if call.reward and self._count_feedback:
                self._custom.count_reward(call.reward)
        if call.metrics:
            self._custom.count(call.method, call.metrics)
        return answer
