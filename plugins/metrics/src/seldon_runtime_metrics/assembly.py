"""The parts of the plugin in one process, and how they are connected."""

from __future__ import annotations

import platform
from pathlib import Path

from seldon_runtime import __version__
from seldon_runtime.plugin import ServerTls, Service, Settings, Sockets, StartupError
from seldon_runtime_metrics.custom.counting import BOUNDS_S, CustomMetrics
from seldon_runtime_metrics.custom.interceptor import CustomMetricsInterceptor, StrictMetricsInterceptor
from seldon_runtime_metrics.custom.labels import custom_labels, identity_labels
from seldon_runtime_metrics.page.page import Page, Part
from seldon_runtime_metrics.page.transport import MetricsTransport
from seldon_runtime_metrics.runtime.instruments import Instruments
from seldon_runtime_metrics.runtime.observer import RuntimeObserver
from seldon_runtime_metrics.runtime.sampler import Sampler
from seldon_runtime_metrics.series.store import Store
from seldon_runtime_metrics.shared.store import SharedStore


class Assembly:
    """Creates observer, interceptor and transport of one start, which share one store.

    Each method is called once, in the order of the hooks, on the main thread.

    Args:
        settings: the settings of core and the plugin.

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
                f"cannot share metrics in the folder {folder} ({error}): set --metrics-dir "
                "(PROMETHEUS_MULTIPROC_DIR) to a local, writable folder with free space"
            ) from error
        self._instruments.update(self._instruments.restarts, settings.worker.restarts)
        self._observer = RuntimeObserver(self._instruments)

    def observer(self) -> RuntimeObserver:
        """Return the observer. Called before the load."""
        return self._observer

    def interceptor(self, service: Service) -> CustomMetricsInterceptor:
        """Create the interceptor. Called after the load: the component's identity is known."""
        self._observer.load_finished()
        made = self._instruments
        made.update(made.series(made.info, **_info(service)))
        custom = CustomMetrics(
            custom_labels(service.identity),
            self._store,
            made,
            max_series=self._settings["metrics_max_series"],
            bounds_s=self._settings["metrics_timer_buckets"] or BOUNDS_S,
        )
        self._sampler = Sampler(made, service, lambda: self._observer.running, lambda: custom.series)
        self._page = Page(self._store, made.names, self._sampler.sample)
        strict = self._settings["metrics_strict"]
        made_by = StrictMetricsInterceptor if strict else CustomMetricsInterceptor
        return made_by(custom, count_feedback=self._settings["metrics_feedback"])

    def transport(self, sockets: Sockets) -> MetricsTransport:
        """Create the transport: the protocol's page, and below it the pages ``runtime`` and ``all``."""
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
            sockets,
            self._sampler if isinstance(self._store, SharedStore) else None,
            ServerTls.of(self._settings, "--metrics-tls"),
        )


def _folder(settings: Settings) -> Path | None:
    """Return the folder in which workers share their metrics; None for a single worker."""
    if settings["metrics_dir"]:
        return Path(settings["metrics_dir"])
    return settings.worker.folder / "metrics" if settings.worker.folder else None


def _info(service: Service) -> dict[str, str]:
    """Return the labels of ``seldon_runtime_info``; an unnamed model has the name of its class."""
    named = {} if service.identity.unit else {"model_name": service.class_name}
    return {
        "version": __version__,
        "python": platform.python_version(),
        "service_type": service.service_type.value,
        **identity_labels(service.identity),
        **named,
    }
