"""The observer that counts finished calls, saves and starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from seldon_runtime.plugin import (
    BatchRecord,
    Call,
    ErrorCode,
    Lifecycle,
    Method,
    Observer,
    Outcome,
    SaveRecord,
)
from seldon_runtime_metrics.runtime.instruments import Instruments

_NOT_SERVED = {"OVERLOADED", "UNAVAILABLE", "CANCELLED"}
"""Errors of calls that were refused at once or whose client disconnected: their durations mean nothing."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The updates of the series of one method over one transport in one protocol."""

    calls: Callable[[float], None]
    request: Callable[[float], None]
    response: Callable[[float], None]
    duration: Callable[[float], None]
    wait: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _ItemRow:
    """The updates of the series of streams of one method over one transport in one protocol."""

    items: Callable[[float], None]
    first: Callable[[float], None]
    interval: Callable[[float], None]


class RuntimeObserver(Observer):
    """Counts finished calls, saves and starts of the worker.

    Args:
        instruments: the metrics that it updates.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self._lock = instruments.lock
        self._rows: dict[tuple[Method, str, str], _Row] = {}
        self._item_rows: dict[tuple[Method, str, str], _ItemRow] = {}
        self._started: set[int] = set()  # calls by id; add and discard are atomic: no lock
        self._load_began: float | None = None

    @property
    def running(self) -> int:
        """Return the number of calls that run in the component."""
        return len(self._started)

    def call_started(self, call: Call) -> None:
        """Count the call as running."""
        self._started.add(id(call))

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Count the call, its sizes and, unless it was refused, its duration."""
        self._started.discard(id(call))
        row = self._rows.get((call.method, call.transport, call.codec.protocol)) or self._new_row(call)
        error = outcome.error
        code = None if error is None else self._count_error(call, error.code)
        waited_s = outcome.waited_s
        with self._lock:
            row.calls(1.0)
            row.request(call.request_bytes)
            if code is None:
                row.response(outcome.response_bytes)
            if code not in _NOT_SERVED:
                row.wait(waited_s)
                row.duration(waited_s + outcome.ran_s)

    def batch_finished(self, record: BatchRecord) -> None:
        """Count a batch: its calls, and how long the first of them waited."""
        made = self._instruments
        labels = {"method": record.method.label, **_component(record)}
        made.update(made.series(made.batch, **labels), record.calls)
        made.update(made.series(made.batch_wait, **labels), record.waited_s)

    def item_made(self, call: Call, number: int, since_s: float) -> None:
        """Count the item of a stream and the time that it took."""
        key = call.method, call.transport, call.codec.protocol
        row = self._item_rows.get(key) or self._new_item_row(call)
        with self._lock:
            row.items(1.0)
            (row.first if number == 1 else row.interval)(since_s)

    def state_saved(self, record: SaveRecord) -> None:
        """Count an attempt to save the component's state."""
        made = self._instruments
        outcome = "failed" if record.error else "saved" if record.blob_bytes else "unchanged"
        labels = _component(record)
        made.update(made.series(made.saves, outcome=outcome, **labels))
        if record.paused_s:  # 0 for a retry, which writes an existing snapshot
            made.update(made.series(made.save_pause, **labels), record.paused_s)
        if record.wrote_s:  # 0 for a failed attempt
            made.update(made.series(made.save_write, **labels), record.wrote_s)
        if record.error is None:
            made.update(made.series(made.save_time, **labels), time.time())
            if record.blob_bytes:
                made.update(made.series(made.save_bytes, **labels), record.blob_bytes)

    def lifecycle_changed(self, state: Lifecycle) -> None:
        """Measure the load from LOADING on; count a start at LOADED."""
        if state is Lifecycle.LOADING:
            self._load_began = time.perf_counter()
        elif state is Lifecycle.LOADED:
            self._instruments.update(self._instruments.starts)

    def load_finished(self) -> None:
        """Set the time of the load: the component is ready, transports and other plugins are not."""
        if self._load_began is not None:
            self._instruments.update(self._instruments.load, time.perf_counter() - self._load_began)

    def _new_row(self, call: Call) -> _Row:
        made = self._instruments
        families = made.calls, made.request, made.response, made.duration, made.wait
        row = _Row(*(made.series(family, **_labels(call)).update for family in families))
        return self._rows.setdefault((call.method, call.transport, call.codec.protocol), row)

    def _new_item_row(self, call: Call) -> _ItemRow:
        made = self._instruments
        families = made.items, made.first_item, made.item_interval
        row = _ItemRow(*(made.series(family, **_labels(call)).update for family in families))
        return self._item_rows.setdefault((call.method, call.transport, call.codec.protocol), row)

    def _count_error(self, call: Call, code: object) -> str:
        """Return the name of the code; user code may set the code of its error to anything."""
        word = code.name if isinstance(code, ErrorCode) else ErrorCode.COMPONENT_FAILED.name
        made = self._instruments
        made.update(made.series(made.errors, **_labels(call), code=word))
        return word


def _labels(call: Call) -> dict[str, str]:
    return {"method": call.method.label, "transport": call.transport, "protocol": call.codec.protocol}


def _component(record: BatchRecord | SaveRecord) -> dict[str, str]:
    """Return the label that tells the components of a graph apart; it is empty for a component without id."""
    return {"model_name": record.unit or ""}
