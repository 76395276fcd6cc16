"""The runtime's own metrics: every name, unit, label and bucket in one place."""

from __future__ import annotations

import logging
from enum import StrEnum

from seldon_runtime_metrics.series.series import Family, Kind, Series, series_of
from seldon_runtime_metrics.series.store import Store

logger = logging.getLogger(__name__)

_DURATION_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZE_BYTES = tuple(
    4**power for power in range(4, 14)
)  # 256 bytes to 64 MiB, as integers: sizes are integers
_BATCH_CALLS = tuple(2**power for power in range(11))
_MOST_PLACES = 64
"""At least the number of places that a series of the runtime has."""

_PROCESS = (
    ("process_resident_memory_bytes", "Resident memory size in bytes.", Kind.LIVE_SUM),
    ("process_virtual_memory_bytes", "Virtual memory size in bytes.", Kind.LIVE_SUM),
    ("process_open_fds", "Number of open file descriptors.", Kind.LIVE_SUM),
    ("process_max_fds", "Maximum number of open file descriptors.", Kind.LIVE_MIN),
    (
        "process_start_time_seconds",
        "Start time of the process in seconds since the Unix epoch.",
        Kind.LIVE_MIN,
    ),
)


class DropReason(StrEnum):
    """The label ``reason`` of ``seldon_runtime_custom_metrics_dropped_total``."""

    BAD_NAME = "bad_name"
    BAD_LABEL = "bad_label"
    BAD_VALUE = "bad_value"
    NAME_TAKEN = "name_taken"
    TOO_MANY_SERIES = "too_many_series"
    NO_ROOM = "no_room"


class Instruments:
    """The metrics that observer, sampler and custom metrics set. Thread-safe; one instance for each process.

    An attribute that is a :class:`Series` is on the page from the start, a family as soon as it has a series.

    Args:
        store: the store that holds them.

    Raises:
        OSError: the store has no room for them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lock = store.lock
        self._lost: dict[tuple[str, ...], Series] = {}
        declare = self._declare
        counter, histogram = Kind.COUNTER, Kind.HISTOGRAM

        self.info = declare(
            "seldon_runtime_info", "A constant 1; its labels describe the served component.", Kind.LIVE_MAX
        )
        self.calls = declare("seldon_runtime_calls", "Finished calls, failed calls included.", counter)
        self.errors = declare("seldon_runtime_errors", "Calls that ended with an error.", counter)
        self.request = declare(
            "seldon_runtime_request_bytes", "Size of requests in bytes.", histogram, _SIZE_BYTES
        )
        self.response = declare(
            "seldon_runtime_response_bytes", "Size of successful responses in bytes.", histogram, _SIZE_BYTES
        )
        self.duration = declare(
            "seldon_runtime_call_duration_seconds",
            "Time from accepting a call to its response, without refused and cancelled calls.",
            histogram,
            _DURATION_S,
        )
        self.wait = declare(
            "seldon_runtime_queue_wait_seconds",
            "Time that calls waited for the component's thread, in seconds.",
            histogram,
            _DURATION_S,
        )
        self.batch = declare(
            "seldon_runtime_batch_calls", "Calls that a batch answered together.", histogram, _BATCH_CALLS
        )
        self.batch_wait = declare(
            "seldon_runtime_batch_wait_seconds",
            "Time that the first call of a batch waited for it, in seconds.",
            histogram,
            _DURATION_S,
        )
        self.items = declare("seldon_runtime_stream_items", "Items of streams.", counter)
        self.first_item = declare(
            "seldon_runtime_stream_first_item_seconds",
            "Time from accepting a call to the first item of its stream, in seconds.",
            histogram,
            _DURATION_S,
        )
        self.item_interval = declare(
            "seldon_runtime_stream_item_interval_seconds",
            "Time between two items of a stream, that of a slow client included, in seconds.",
            histogram,
            _DURATION_S,
        )
        self.running = self._one(
            "seldon_runtime_calls_running", "Calls that run in the component now.", Kind.LIVE_SUM
        )
        self.queued = self._one(
            "seldon_runtime_queue_length", "Calls that wait for the component now.", Kind.LIVE_SUM
        )
        self.queue_limit = self._one(
            "seldon_runtime_queue_limit", "Number of calls that may wait.", Kind.LIVE_SUM
        )

        self.ready = self._one(
            "seldon_runtime_ready", "Workers that accept calls: loaded and not draining.", Kind.LIVE_SUM
        )
        self.load = self._one(
            "seldon_runtime_load_seconds",
            "Time to import, construct and load the component, in seconds.",
            Kind.LIVE_MAX,
        )
        self.starts = self._one(
            "seldon_runtime_starts", "Workers that loaded the component, restarts included.", counter
        )
        self.restarts = self._one(
            "seldon_runtime_worker_restarts",
            "Restarts of workers that ended unexpectedly.",
            Kind.MAX,
        )

        self.saves = declare("seldon_runtime_state_saves", "Attempts to save the component's state.", counter)
        self.save_pause = declare(
            "seldon_runtime_state_pause_seconds",
            "Time to make a snapshot of the state, running calls before it included.",
            histogram,
            _DURATION_S,
        )
        self.save_write = declare(
            "seldon_runtime_state_write_seconds",
            "Time that the store needed for a save.",
            histogram,
            _DURATION_S,
        )
        self.save_bytes = declare(
            "seldon_runtime_state_bytes", "Size of the last saved state in bytes, compressed.", Kind.LAST
        )
        self.save_time = declare(
            "seldon_runtime_state_saved_timestamp_seconds",
            "Time at which the newest state was last known to be stored, in seconds since the Unix epoch.",
            Kind.LAST,
        )

        self.penalty = self._one(
            "seldon_runtime_feedback_penalty", "Sum of the absolute values of negative rewards.", counter
        )
        self.custom = self._one("seldon_runtime_custom_series", "Series of custom metrics.", Kind.LIVE_MAX)
        dropped = declare(
            "seldon_runtime_custom_metrics_dropped", "Custom metrics that were not counted.", counter
        )
        self.dropped = {reason: store.series(dropped, {"reason": reason.value}) for reason in DropReason}

        self.cpu = self._one(
            "process_cpu_seconds", "Total user and system CPU time spent in seconds.", counter
        )
        # no series yet: a 0 would be the lowest value of several workers
        self.process = {name: declare(name, text, kind) for name, text, kind in _PROCESS}
        """By their names in prometheus-client's ``ProcessCollector``."""
        self.names = frozenset(store.names)

    def series(self, family: Family, **labels: str) -> Series:
        """Return the series with these labels; without room for it, a series that is not on the page."""
        key = family.name, *labels.values()
        if key in self._lost:
            return self._lost[key]
        try:
            return self._store.series(family, labels)
        except OSError as error:
            logger.error(
                "no room for series %s with labels %s, which is not on the page: %s",
                family.name,
                labels,
                error,
            )
            return self._lost.setdefault(key, series_of(family, [0.0] * _MOST_PLACES, range(_MOST_PLACES)))

    def update(self, series: Series, value: float = 1.0) -> None:
        """Add to a counter or histogram, or set a gauge."""
        with self.lock:
            series.update(value)

    def _declare(self, name: str, documentation: str, kind: Kind, bounds: tuple[float, ...] = ()) -> Family:
        return self._store.declare(Family(name, documentation, kind, bounds))

    def _one(self, name: str, documentation: str, kind: Kind) -> Series:
        return self._store.series(self._declare(name, documentation, kind), {})
