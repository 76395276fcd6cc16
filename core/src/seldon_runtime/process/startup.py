"""The start of a process: settings and plugins become components, a service and transports."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from seldon_runtime.component.parameters import parse_parameters
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.inference.owners import described
from seldon_runtime.plugins.library_guard import guard_libraries
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.process.allocator import keep_freed_memory
from seldon_runtime.process.bounded import Notices
from seldon_runtime.process.devices import show_devices
from seldon_runtime.process.free_memory import free_bytes
from seldon_runtime.process.parts import Parts
from seldon_runtime.process.transports import Transports
from seldon_runtime.process.units import LoadedUnits
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.observer import Lifecycle
from seldon_runtime.service.service import Service
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.derived import identity_from, limits_from, memory_from
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import Sockets

logger = logging.getLogger(__name__)

_STOP_S = 2.0
"""Seconds that observers and interceptors may take to stop."""


class Startup:
    """The parts of a process: components, service, observers and transports. For the main thread.

    Args:
        plugins: the selected plugins.
        settings: all settings, ``model_name`` included.
        sockets: the listening sockets for transports.
    """

    def __init__(self, plugins: PluginSet, settings: Settings, sockets: Sockets) -> None:
        self._plugins = plugins
        self._settings = settings
        self._sockets = sockets
        self._parts = Parts()
        self.units = LoadedUnits(plugins, settings)
        self.notices = Notices()
        self.transports = Transports([])

    def load(self, on_failure: Callable[[], None]) -> Service:
        """Load the components, and call the plugins' hooks. Transports do not listen yet.

        Args:
            on_failure: called, on any thread, when a transport cannot continue.

        Raises:
            StartupError: loading failed; the chained cause is the user's exception if user code raised.
        """
        plugins, settings = self._plugins, self._settings
        guard_libraries()
        show_devices(settings)
        observers = self._parts.start(plugins.collect("seldon_observer", settings=settings))
        self.notices = Notices(observers)
        self.notices.send(Lifecycle.LOADING)
        service: Service | None = plugins.first("seldon_service", units=self.units, settings=settings)
        if service is None:
            service = self._component_service()
        free = free_bytes(settings.worker.count)  # now that the components are loaded
        keep_freed_memory(free)
        service.limits, service.memory = memory_from(settings, service.limits, free)
        interceptors = self._parts.start(
            plugins.collect("seldon_interceptor", service=service, settings=settings)
        )
        service.attach(observers, interceptors, on_failure)
        self._batch(service)
        self.transports = Transports(
            plugins.collect("seldon_transport", service=service, settings=settings, sockets=self._sockets),
            settings.transports,
        )
        for name in set(settings.transports) - self.transports.names:
            logger.warning("API_TYPE names %s, but its plugin returned no transport of that name", name)
        self.notices.send(Lifecycle.LOADED)
        return service

    def _batch(self, service: Service) -> None:
        """Ask plugins for the batcher of each component."""
        batchers: dict[Unit, Batcher] = {}
        for unit in service.units:
            arguments: dict[str, Any] = {"service": service, "unit": unit, "settings": self._settings}
            try:
                batcher: Batcher | None = self._plugins.first("seldon_batcher", **arguments)
            except StartupError as error:
                if len(service.units) == 1:
                    raise
                raise StartupError(f"{unit.identity.unit}: {error}") from error.__cause__
            if batcher is not None:
                batchers[unit] = batcher
        if isinstance(service, ComponentService):
            service.batch(batchers.get(service.units[0]))
        elif isinstance(service, ComposedService):
            service.batch(batchers)
        elif batchers:
            given = ", ".join({described(batcher): None for batcher in batchers.values()})
            logger.warning("%s does not batch calls: %s is not used", described(service), given)

    def close(self) -> None:
        """Stop observers and interceptors. Idempotent."""
        self._parts.stop(time.monotonic() + _STOP_S)

    def _component_service(self) -> ComponentService:
        settings = self._settings
        unit = self.units.load(
            settings["model_name"],
            parse_parameters(settings["parameters"]),
            identity_from(settings),
            ServiceType(settings["service_type"]),
        )
        return ComponentService(
            unit,
            limits=limits_from(settings),
            metadata=self.units.metadata_of(unit),
            error_details=settings["error_details"],
        )
