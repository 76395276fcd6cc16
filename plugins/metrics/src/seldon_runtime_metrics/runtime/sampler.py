"""Gauges of the current state: readiness, queue, running calls and the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric

from seldon_runtime.plugin import Service
from seldon_runtime_metrics.runtime.instruments import Instruments

logger = logging.getLogger(__name__)


class Sampler:
    """Sets the gauges that no event updates.

    It runs before each scrape. With several workers it also runs every second on a thread of its own,
    since any worker may answer the scrape.

    Args:
        instruments: the gauges.
        service: the source of readiness and queue length.
        running: returns the number of calls that run in the component.
        custom_series: returns the number of series of custom metrics.
    """

    def __init__(
        self,
        instruments: Instruments,
        service: Service,
        running: Callable[[], int],
        custom_series: Callable[[], int],
    ) -> None:
        self._instruments = instruments
        self._service = service
        self._running = running
        self._custom_series = custom_series
        self._process = ProcessCollector(registry=None)
        self._cpu_s = 0.0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def sample(self) -> None:
        """Set all gauges. Reads a few files of ``/proc``; thread-safe."""
        made = self._instruments
        with self._lock:
            made.update(made.ready, self._service.ready and not self._service.draining)
            executors = [unit.executor for unit in self._service.units]
            made.update(made.queued, sum(executor.waiting for executor in executors))
            made.update(made.queue_limit, sum(executor.queue_size for executor in executors))
            made.update(made.running, self._running())
            made.update(made.custom, self._custom_series())
            self._sample_process(self._process.collect())

    def start(self, interval_s: float = 1.0) -> None:
        """Sample on a thread of its own until :meth:`stop`."""
        self._thread = threading.Thread(
            target=self._work, args=(interval_s,), name="metrics-sampler", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if it was started."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _sample_process(self, families: Iterable[Metric]) -> None:
        made = self._instruments
        for family in families:
            value = family.samples[0].value
            if family.name == "process_cpu_seconds":
                made.update(made.cpu, max(0.0, value - self._cpu_s))
                self._cpu_s = value
            elif family.name in made.process:
                made.update(made.series(made.process[family.name]), value)

    def _work(self, interval_s: float) -> None:
        while True:
            try:
                self.sample()
            except Exception:  # the thread must survive: the next attempt may succeed
                logger.exception(
                    "cannot sample the gauges of this worker; the next attempt follows in a second"
                )
            if self._end.wait(interval_s):
                return
