"""The runtime's own metrics: every name, unit, label and bucket in one place."""

from __future__ import annotations

import logging

from seldon_runtime_metrics.faults import REASONS
from seldon_runtime_metrics.series import Family, Kind, Series, series_of
from seldon_runtime_metrics.store import Store

logger = logging.getLogger(__name__)

_DURATION_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZE_BYTES = tuple(4**power for power in range(4, 14))  # 256 bytes to 64 MiB; compared with whole numbers
_ENOUGH = 64
"""Numbers for any series."""

_PROCESS = (
    ("process_resident_memory_bytes", "Resident memory size in bytes.", Kind.LIVE_SUM),
    ("process_virtual_memory_bytes", "Virtual memory size in bytes.", Kind.LIVE_SUM),
    ("process_open_fds", "Number of open file descriptors.", Kind.LIVE_SUM),
    ("process_max_fds", "Maximum number of open file descriptors.", Kind.LIVE_MIN),
    ("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", Kind.LIVE_MIN),
)


class Instruments:
    """Metrics that the runtime's observers set. Thread-safe; made once in a process.

    Attributes that are a :class:`Series` stand on the page from the start, families when they have a series.

    Args:
        store: where they are declared.

    Raises:
        OSError: the store has no room for them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lock = store.lock
        self._lost: dict[tuple[str, ...], Series] = {}
        declare = self._declare
        counter, histogram = Kind.COUNTER, Kind.HISTOGRAM

        self.info = declare("seldon_runtime_info", "What is served: a constant 1.", Kind.LIVE_MAX)
        self.calls = declare("seldon_runtime_calls", "Finished calls, failed ones too.", counter)
        self.errors = declare("seldon_runtime_errors", "Calls answered with an error.", counter)
        self.request = declare("seldon_runtime_request_bytes", "Size of requests.", histogram, _SIZE_BYTES)
        self.response = declare(
            "seldon_runtime_response_bytes", "Size of good answers.", histogram, _SIZE_BYTES
        )
        self.duration = declare(
            "seldon_runtime_call_duration_seconds",
            "Time from taking a call to its answer, waiting included; without refused and cancelled calls.",
            histogram,
            _DURATION_S,
        )
        self.wait = declare(
            "seldon_runtime_queue_wait_seconds",
            "Time that calls waited for the component's thread.",
            histogram,
            _DURATION_S,
        )
        self.running = self._one("seldon_runtime_calls_running", "Calls in the component now.", Kind.LIVE_SUM)
        self.queued = self._one("seldon_runtime_queue_length", "Calls that wait now.", Kind.LIVE_SUM)
        self.queue_limit = self._one("seldon_runtime_queue_limit", "Calls that may wait.", Kind.LIVE_SUM)

        self.ready = self._one(
            "seldon_runtime_ready", "Workers that take calls: loaded and not draining.", Kind.LIVE_SUM
        )
        self.load = self._one(
            "seldon_runtime_load_seconds", "Time to import, construct and load the component.", Kind.LIVE_MAX
        )
        self.starts = self._one(
            "seldon_runtime_starts", "Workers that loaded the component, restarts too.", counter
        )
        self.restarts = self._one(
            "seldon_runtime_worker_restarts",
            "How often a worker had ended unexpectedly and was started again.",
            Kind.MAX,
        )

        self.saves = declare("seldon_runtime_state_saves", "Attempts to save state.", counter)
        self.save_pause = declare(
            "seldon_runtime_state_pause_seconds",
            "Time until a snapshot of the state was made, waiting for calls included.",
            histogram,
            _DURATION_S,
        )
        self.save_write = declare(
            "seldon_runtime_state_write_seconds", "Time that the store took.", histogram, _DURATION_S
        )
        self.save_bytes = declare(
            "seldon_runtime_state_bytes", "Size of the state that was saved last.", Kind.LAST
        )
        self.save_time = declare(
            "seldon_runtime_state_saved_timestamp_seconds",
            "When the newest state was last known to be stored, since unix epoch.",
            Kind.LAST,
        )

        self.penalty = self._one(
            "seldon_runtime_feedback_penalty", "Sum of negative rewards, without their sign.", counter
        )
        self.custom = self._one("seldon_runtime_custom_series", "Series of custom metrics.", Kind.LIVE_MAX)
        dropped = declare("seldon_runtime_custom_metrics_dropped", "Custom metrics not counted.", counter)
        self.dropped = {reason: store.series(dropped, {"reason": reason}) for reason in REASONS}

        self.cpu = self._one(
            "process_cpu_seconds", "Total user and system CPU time spent in seconds.", counter
        )
        # no series yet, for a 0 would be the lowest of several workers' values
        self.process = {name: declare(name, text, kind) for name, text, kind in _PROCESS}
        """By the names of prometheus-client's ``ProcessCollector``."""
        self.names = frozenset(store.names)

    def series(self, family: Family, **labels: str) -> Series:
        """The series with these labels; when the store has no room for it, one that counts for nothing."""
        key = family.name, *labels.values()
        if key in self._lost:
            return self._lost[key]
        try:
            return self._store.series(family, labels)
        except OSError as error:
            logger.error("%s of %s is not on the page: %s", family.name, labels, error)
            return self._lost.setdefault(key, series_of(family, [0.0] * _ENOUGH, range(_ENOUGH)))

    def update(self, series: Series, value: float = 1.0) -> None:
        """Add to a counter or histogram, set a gauge."""
        with self.lock:
            series.update(value)

    def _declare(self, name: str, documentation: str, kind: Kind, bounds: tuple[float, ...] = ()) -> Family:
        return self._store.declare(Family(name, documentation, kind, bounds))

    def _one(self, name: str, documentation: str, kind: Kind) -> Series:
        return self._store.series(self._declare(name, documentation, kind), {})
