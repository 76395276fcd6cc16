"""Loading of the components of a process, each on its own thread, with its state."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.advice.import_errors import remedy_of
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.component.inspection.defined_methods import check_names
from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.errors import ComponentFailed, SeldonError, StartupError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.owners import described
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.persistence.store import StateStore, old_state_key, state_key
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import PERSISTENCE
from seldon_runtime.process.bounded import Bounded
from seldon_runtime.process.progress import reported
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.observer import survive
from seldon_runtime.service.running.event_loop import use_uvloop
from seldon_runtime.service.running.threads import Threads
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.persistence_options import StatePolicy, policy_from
from seldon_runtime.settings.values import Settings

if TYPE_CHECKING:  # imported when a store is selected: most components save no state
    from seldon_runtime.persistence.lifecycle import StateLifecycle

logger = logging.getLogger(__name__)

_CLOSE_S = 1.0
"""Seconds for a store to close when the time is over."""


class LoadedUnits:
    """The components of a process, loaded one after the other. For the main thread.

    Args:
        plugins: the selected plugins.
        settings: all settings.
    """

    def __init__(self, plugins: PluginSet, settings: Settings) -> None:
        self.place = Threads()
        """The place of the components' threads. Set it before loading."""
        self.is_check = False
        """True to change nothing in the store of states. Set it before loading."""
        self._plugins = plugins
        self._settings = settings
        self._store: StateStore | None = None
        self._policy: StatePolicy | None = None
        self.executors: list[Executor] = []
        """The threads of the components, including components that failed to load."""
        self.loaded: list[Unit] = []
        self.states: list[tuple[Unit, StateLifecycle]] = []
        """The components whose state is saved."""

    def load(
        self,
        reference: str,
        parameters: Mapping[str, Any],
        identity: Identity,
        service_type: ServiceType = ServiceType.MODEL,
        *,
        beside: Unit | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Unit:
        """Load one component, on a thread of its own or on that of another one. Blocks.

        Raises:
            StartupError: loading failed; the chained cause is the user's exception if user code raised.
        """
        began = time.perf_counter()
        own = self._settings.replaced(settings or {})
        executor = self._executor(own, reference) if beside is None else beside.executor
        keeps_none = settings is not None and settings.get("persistence") == "0"
        state = None if keeps_none else self._state(identity, parameters)

        def load() -> tuple[Predictor, object | None]:
            loaded = self._predictor(reference, parameters, identity, service_type, own, state)
            if loaded[0].is_async:
                executor.interleave()
            return loaded

        with reported(f"loading {reference}"):
            predictor, user = executor.run(load)
        if predictor.is_async:
            logger.info("%s has async methods: up to %d calls interleave", reference, own["concurrency"])
        unit = Unit(predictor, executor, identity, service_type, user)
        self.loaded.append(unit)
        if state is not None:
            self.states.append((unit, state))
        logger.info("loaded %s in %.3f s", reference, time.perf_counter() - began)
        if isinstance(predictor, ComponentAdapter):
            _warn_of_methods(predictor, service_type)
        return unit

    def metadata_of(self, unit: Unit) -> dict[str, Any] | SeldonError:
        """Return a component's metadata document, or the error that making it raised. Blocks.

        Raises:
            StartupError: ``init_metadata`` raised.
        """
        try:
            return unit.executor.run(partial(_metadata, unit.predictor))
        except ComponentFailed as error:
            raise _failed(self._settings["model_name"], error) from error.__cause__
        except SeldonError as error:
            logger.error("the metadata cannot be served: %s", error.message)
            return error

    def request_save(self) -> None:
        """Save all changed state soon. Signal handlers may call it."""
        for _, state in self.states:
            state.request()

    def finish_states(self, deadline: float) -> bool:
        """Save all state a last time, until ``deadline`` (``time.monotonic``), and close the store.

        Returns:
            True if the newest state of every component is stored.
        """
        saved = [state.finish(deadline) for _, state in self.states]
        if self._store is not None:
            closing = Bounded(f"the store {described(self._store)} failed to close", self._store.close)
            closing.finish(max(deadline, time.monotonic() + _CLOSE_S))
        return all(saved)

    def release_threads(self, timeout_s: float) -> bool:
        """End the threads of all components, loaded or not; return False if they did not end in time."""
        stopped = [executor.stop(timeout_s) for executor in self.executors]
        return all(stopped)

    def stop(self, deadline: float) -> bool:
        """Close the predictors and end their threads, until ``deadline`` (``time.monotonic``).

        Returns:
            True if all threads have ended.
        """
        for unit in self.loaded:
            with suppress(SeldonError):  # the component's thread has ended
                unit.executor.submit_further(partial(survive, unit.predictor, unit.predictor.close))
        stopped = [executor.stop(max(0.1, deadline - time.monotonic())) for executor in self.executors]
        return all(stopped)

    def _executor(self, settings: Settings, reference: str) -> Executor:
        """Return started threads for one component."""
        threads, queue_size = settings["threads"], settings["queue_size"]
        executor = Executor(threads, queue_size, self.place, settings["concurrency"], reference)
        self.executors.append(executor)
        executor.start()
        return executor

    def _state(self, identity: Identity, parameters: Mapping[str, Any]) -> StateLifecycle | None:
        if not self._plugins.has(PERSISTENCE):
            return None
        from seldon_runtime.persistence.lifecycle import StateLifecycle

        if self._policy is None:
            policy = policy_from(self._settings, dict(parameters))
            self._policy = policy._replace(is_read_only=self.is_check)
            self._store = self._plugins.first("seldon_state_store", settings=self._settings)
        if self._store is None:
            return None
        return StateLifecycle(self._store, state_key(identity), self._policy, old_state_key(identity))

    def _predictor(
        self,
        reference: str,
        parameters: Mapping[str, Any],
        identity: Identity,
        service_type: ServiceType,
        settings: Settings,
        state: StateLifecycle | None,
    ) -> tuple[Predictor, object | None]:
        """Return a loaded predictor, a plugin's or the user object's. Runs on the component's thread."""
        arguments: dict[str, Any] = {"reference": reference, "parameters": parameters, "settings": settings}
        predictor: Predictor | None = self._plugins.first("seldon_predictor", **arguments)
        user = None
        try:
            if predictor is None:
                user = self._object(arguments, state)
                predictor = ComponentAdapter(
                    user,
                    identity,
                    service_type,
                    show_metrics=settings["include_metrics"],
                    wires=settings.transports,
                    metadata_override=settings["model_metadata"],
                    reading=ArrayReading.of(settings),
                    max_array_values=settings["max_array_values"],
                    hints=Hints.of(settings),
                )
            elif state is not None:
                raise StartupError(
                    f"{reference} is served by a plugin's predictor, whose state cannot be saved: "
                    "set PERSISTENCE=0"
                )
            if predictor.is_async:
                use_uvloop()
            predictor.load()
            if user is not None and settings["strict_methods"]:
                check_names(UserObject(user))
        except SeldonError as error:
            raise _failed(reference, error) from (error.__cause__ or error)
        except StartupError:
            raise
        except BaseException as raised:  # predictors are plugins
            is_made = predictor is not None
            place = f"{type(predictor).__qualname__}.load" if is_made else "making the component"
            failed = ComponentFailed(place, raised)
            raise _failed(reference, failed) from raised
        if state is not None:
            state.check(user)
        return predictor, user

    def _object(self, arguments: Mapping[str, Any], state: StateLifecycle | None) -> object:
        """Return the user's object, restored or constructed, by a plugin's loader or the core's."""
        for builtin in (False, True):
            if state is not None:
                user = self._plugins.first(
                    "seldon_restore_component", builtin=builtin, restore=state.restore, **arguments
                )
                if user is not None:
                    return user
            user = self._plugins.first("seldon_load_component", builtin=builtin, **arguments)
            if user is not None:
                return user
        raise StartupError(f"no plugin loads {arguments['reference']!r}")


def _metadata(predictor: Predictor) -> dict[str, Any]:
    try:
        return predictor.metadata()
    except (SeldonError, StartupError):
        raise
    except BaseException as raised:
        raise ComponentFailed(f"{type(predictor).__qualname__}.metadata", raised) from raised


def _warn_of_methods(adapter: ComponentAdapter, chosen: ServiceType) -> None:
    if missing := adapter.missing_method:
        fits = "".join(f"; it fits SERVICE_TYPE={fit.value}" for fit in adapter.fitting_types)
        logger.warning("SERVICE_TYPE is %s, but the class defines no %s%s", chosen.value, missing, fits)
    for misfit in adapter.misfits:
        logger.warning("%s", misfit)


def _failed(reference: str, error: SeldonError) -> StartupError:
    if isinstance(error, ComponentFailed):
        return StartupError(f"{reference}: {error.where} raised {error.message}{remedy_of(error)}")
    return StartupError(f"{reference}: load raised {type(error).__name__}: {error.message}")
