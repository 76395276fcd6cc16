"""How the parts of the plugin fit together in one process."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from seldon_runtime import __version__
from seldon_runtime.errors import StartupError
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_metrics.custom import BOUNDS_S, CustomMetrics
from seldon_runtime_metrics.exposition import MetricsTransport
from seldon_runtime_metrics.instruments import Instruments
from seldon_runtime_metrics.labels import custom_labels, identity_labels
from seldon_runtime_metrics.observing import CustomMetricsInterceptor, RuntimeObserver
from seldon_runtime_metrics.page import Page, Part
from seldon_runtime_metrics.sampling import Sampler
from seldon_runtime_metrics.shared import SharedStore
from seldon_runtime_metrics.store import Store


class Assembly:
    """Made once for each start; its methods are called in the order of the hooks, each once.

    Args:
        settings: the plugin's and the core's.

    Raises:
        StartupError: the workers' folder cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folder = _folder(settings)
        try:
            self._store = SharedStore(folder) if folder else Store()
            self._instruments = Instruments(self._store)
        except (OSError, ValueError) as error:
            raise StartupError(
                f"no metrics can be shared in the folder {folder} ({error}): name a local one that this "
                "process may write to, and that has room, with --metrics-dir (PROMETHEUS_MULTIPROC_DIR)"
            ) from error
        self._instruments.update(self._instruments.restarts, settings.worker.restarts)
        self._load_began: float | None = None

    def load_begins(self) -> None:
        """On the component's thread, before the class is imported."""
        self._load_began = time.perf_counter()

    def observer(self) -> RuntimeObserver:
        """The component has been loaded."""
        if self._load_began is not None:
            self._instruments.update(self._instruments.load, time.perf_counter() - self._load_began)
        return RuntimeObserver(self._instruments)

    def interceptor(self, service: Service) -> CustomMetricsInterceptor:
        """The component's identity is known from here on."""
        made = self._instruments
        made.update(made.series(made.info, **_info(service)))
        custom = CustomMetrics(
            custom_labels(service.identity),
            self._store,
            made,
            max_series=self._settings["metrics_max_series"],
            strict=self._settings["metrics_strict"],
            bounds_s=self._settings["metrics_timer_buckets"] or BOUNDS_S,
        )
        calls = CustomMetricsInterceptor(custom, count_feedback=self._settings["metrics_feedback"])
        self._sampler = Sampler(made, service, calls, custom)
        self._page = Page(self._store, made.names, self._sampler.sample)
        return calls

    def transport(self) -> MetricsTransport:
        """The protocol's page, and below it the runtime's metrics and all."""
        endpoint: str = self._settings["metrics_endpoint"]
        folder = endpoint.rstrip("/")
        return MetricsTransport(
            self._page,
            {
                endpoint: Part.ALL if self._settings["metrics_runtime"] else Part.CUSTOM,
                f"{folder}/runtime": Part.RUNTIME,
                f"{folder}/all": Part.ALL,
            },
            self._settings["host"],
            self._settings["metrics_port"],
            self._sampler if isinstance(self._store, SharedStore) else None,
        )


def _folder(settings: Settings) -> Path | None:
    """Through which workers share the page; None for the only one."""
    if settings["metrics_dir"]:
        return Path(settings["metrics_dir"])
    return settings.worker.folder / "metrics" if settings.worker.folder else None


def _info(service: Service) -> dict[str, str]:
    return {
        "version": __version__,
        "python": platform.python_version(),
        "service_type": service.component.service_type.value,
        **identity_labels(service.identity),
    }
