"""What the runtime tells: calls on their way, finished calls, saves, and changes of its life."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seldon_runtime.call import Call
from seldon_runtime.errors import ErrorCode
from seldon_runtime.message import Method
from seldon_runtime.observer import CallRecord, SaveRecord
from seldon_runtime_metrics.custom import CustomMetrics
from seldon_runtime_metrics.instruments import Instruments

_NOT_SERVED = {"OVERLOADED", "UNAVAILABLE", "CANCELLED"}
"""Errors of calls that were refused at once, or that nobody waited for: how long they took means nothing."""


@dataclass(frozen=True, slots=True)
class _Row:
    """How the series of one method over one transport are updated."""

    calls: Callable[[float], None]
    request: Callable[[float], None]
    response: Callable[[float], None]
    duration: Callable[[float], None]
    wait: Callable[[float], None]


class RuntimeObserver:
    """Counts finished calls, saves and the worker's life.

    Args:
        instruments: where it counts.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._lock = instruments.lock
        self._rows: dict[tuple[Method, str], _Row] = {}

    def call_finished(self, record: CallRecord) -> None:
        """After every call, refused ones included."""
        row = self._rows.get((record.method, record.transport)) or self._new_row(record)
        code = None if record.error is None else self._count_error(record, record.error.code)
        with self._lock:
            row.calls(1.0)
            row.request(record.request_bytes)
            if code is None:
                row.response(record.response_bytes)
            if code not in _NOT_SERVED:
                row.wait(record.waited_s)
                row.duration(record.waited_s + record.ran_s)

    def state_saved(self, record: SaveRecord) -> None:
        """After every attempt to save state."""
        made = self._instruments
        outcome = "failed" if record.error else "saved" if record.blob_bytes else "unchanged"
        made.update(made.series(made.saves, outcome=outcome))
        if record.paused_s:  # a retry writes what was pickled before
            made.update(made.series(made.save_pause), record.paused_s)
        if record.wrote_s:  # nothing is known of a failed attempt
            made.update(made.series(made.save_write), record.wrote_s)
        if record.error is None:
            made.update(made.series(made.save_time), time.time())
            if record.blob_bytes:
                made.update(made.series(made.save_bytes), record.blob_bytes)

    def life_changed(self, state: str) -> None:
        """``loaded``, ``ready``, ``draining``, ``stopped``."""
        if state == "loaded":
            self._instruments.update(self._instruments.starts)

    def _new_row(self, record: CallRecord) -> _Row:
        made = self._instruments
        families = made.calls, made.request, made.response, made.duration, made.wait
        labels = {"method": record.method.label, "transport": record.transport}
        row = _Row(*(made.series(family, **labels).update for family in families))
        return self._rows.setdefault((record.method, record.transport), row)

    def _count_error(self, record: CallRecord, code: object) -> str:
        """The code as a word: user code may have set that of its error to anything."""
        word = code.name if isinstance(code, ErrorCode) else ErrorCode.COMPONENT_FAILED.name
        made = self._instruments
        made.update(
            made.series(made.errors, method=record.method.label, transport=record.transport, code=word)
        )
        return word


class CustomMetricsInterceptor:
    """Counts the component's own metrics before the answer goes out, so that a metric can still be refused.

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
