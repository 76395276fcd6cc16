"""Gauges of the moment: readiness, the queue, the calls in the component, and the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric

from seldon_runtime.service import Service
from seldon_runtime_metrics.custom import CustomMetrics
from seldon_runtime_metrics.instruments import Instruments
from seldon_runtime_metrics.observing import CustomMetricsInterceptor

logger = logging.getLogger(__name__)


class Sampler:
    """Sets the gauges that nobody is told of: before each scrape, and, when another worker may be
    the one that is scraped, every second in a thread of its own.

    Args:
        instruments: what is set.
        service: whose readiness and queue are looked at.
        calls: knows how many calls run.
        custom: knows how many series there are.
    """

    def __init__(
        self,
        instruments: Instruments,
        service: Service,
        calls: CustomMetricsInterceptor,
        custom: CustomMetrics,
    ) -> None:
        self._instruments = instruments
        self._service = service
        self._calls = calls
        self._custom = custom
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
            made.update(made.queued, self._service.executor.waiting)
            made.update(made.queue_limit, self._service.executor.queue_size)
            made.update(made.running, self._calls.running)
            made.update(made.custom, self._custom.series)
            self._sample_process(self._process.collect())

    def start(self, interval_s: float = 1.0) -> None:
        """Sample again and again, until :meth:`stop`."""
        self._thread = threading.Thread(
            target=self._work, args=(interval_s,), name="metrics-sampler", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, if there is one."""
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
            except Exception:  # the thread must live on: what failed may work again
                logger.exception("the gauges of this worker cannot be set")
            if self._end.wait(interval_s):
                return
