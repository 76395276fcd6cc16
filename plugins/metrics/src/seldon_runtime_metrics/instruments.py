"""The runtime's own metrics: every name, unit and label in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from seldon_runtime_metrics.calls import LABELS, CallTable
from seldon_runtime_metrics.faults import REASONS

_Mode = Literal["livesum", "livemax", "livemin"]
"""What several workers' gauges become on the page; a dead worker's do not count."""

_PROCESS: tuple[tuple[str, str, _Mode], ...] = (
    ("process_resident_memory_bytes", "Resident memory size in bytes.", "livesum"),
    ("process_virtual_memory_bytes", "Virtual memory size in bytes.", "livesum"),
    ("process_open_fds", "Number of open file descriptors.", "livesum"),
    ("process_max_fds", "Maximum number of open file descriptors.", "livemin"),
    ("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", "livemin"),
)


class Instruments:
    """Metrics that the runtime's observers set. Thread-safe; made once in a process.

    Args:
        registry: where they are registered; :attr:`names` holds their families' names.
        files: of :class:`CallTable`.
    """

    def __init__(self, registry: CollectorRegistry, files: Path | None = None) -> None:
        def counter(name: str, documentation: str, *labels: str) -> Counter:
            return Counter(name, documentation, labels, registry=registry)

        def gauge(name: str, documentation: str, mode: _Mode) -> Gauge:
            return Gauge(name, documentation, registry=registry, multiprocess_mode=mode)

        self.calls = CallTable(files)
        registry.register(self.calls)
        self.errors = counter("seldon_runtime_errors_total", "Calls answered with an error.", *LABELS, "code")
        self.running = gauge("seldon_runtime_calls_running", "Calls in the component now.", "livesum")
        self.queued = gauge("seldon_runtime_queue_length", "Calls that wait now.", "livesum")
        self.queue_limit = gauge("seldon_runtime_queue_limit", "Calls that may wait.", "livesum")
        self.ready = gauge(
            "seldon_runtime_ready", "Workers that take calls: loaded and not draining.", "livesum"
        )
        self.load = gauge(
            "seldon_runtime_load_seconds", "Time to import, construct and load the component.", "livemax"
        )
        self.starts = counter(
            "seldon_runtime_starts_total", "Workers that loaded the component, restarts too."
        )
        self.saves = counter("seldon_runtime_state_saves_total", "Saves of the component's state.", "outcome")
        self.penalty = counter(
            "seldon_runtime_feedback_penalty_total", "Sum of negative rewards, without their sign."
        )
        self.series = gauge("seldon_runtime_custom_series", "Series of custom metrics.", "livemax")
        dropped = counter(
            "seldon_runtime_custom_metrics_dropped_total", "Custom metrics not counted, by reason.", "reason"
        )
        self.dropped = {reason: dropped.labels(reason) for reason in REASONS}
        self.cpu = counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.")
        self.process: dict[str, Gauge] = {
            name: gauge(name, documentation, mode) for name, documentation, mode in _PROCESS
        }
        """By the names of prometheus-client's ``ProcessCollector``."""
        self.names = frozenset(family.name for family in registry.collect())
