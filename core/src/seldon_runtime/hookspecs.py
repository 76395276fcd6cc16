"""The hooks of the core. Unless they say otherwise, they run once, at start-up, on the main thread.

A plugin is a module or object, named by an entry point, with functions of these
names marked by :data:`seldon_runtime.plugin.hookimpl`. A hook may take fewer arguments than
its specification. Hooks collect objects; the objects do the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import click
import pluggy

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.persistence.store import StateStore
from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.service import Service
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.interface import Transport
from seldon_runtime.transport.ports import Port
from seldon_runtime.transport.sockets import Sockets

PROJECT = "seldon_runtime"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks(Protocol):
    """The hooks of the selected plugins, for a plugin that specifies hooks of its own."""

    def collect(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Any]]:
        """Call a hook, plugin by plugin in the order of the configuration.

        Yields:
            The plugin's name for messages, and each object that its hook returned.

        Raises:
            StartupError: a hook raised; the message names its plugin.
        """


class Units(Protocol):
    """Loader of the components of a service that has several."""

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
        """Load one component on a thread of its own, as ``seldon-run`` loads the only one. Blocks.

        With PERSISTENCE, the runtime restores its state, and saves it while it serves and at the end.

        Args:
            reference: the class, as MODEL_NAME names it.
            parameters: the arguments of the constructor.
            identity: the names of the component, which determine the key of its state.
            service_type: the kind of the component.
            beside: a loaded component whose thread this one shares; None for a thread of its own.
            settings: values of settings that differ for this component: ``threads``, ``model_metadata``, or
                ``persistence`` ("0" keeps no state).

        Raises:
            StartupError: loading failed; the cause is chained.
        """

    def metadata_of(self, unit: Unit) -> Mapping[str, Any] | SeldonError:
        """Return a component's metadata document, or the error that making it raised. Blocks.

        Raises:
            StartupError: ``init_metadata`` of the user's class raised.
        """


@hookspec
def seldon_options() -> Sequence[click.Option]:  # type: ignore[empty-body]
    """Return the plugin's settings, as click options.

    Called first, before any component is loaded. Give each option a long flag, ``envvar``
    (prefixed ``SELDON_`` unless the protocol names it), ``type``, ``default`` and
    ``help``: they become part of ``seldon-run --help``. The values arrive in ``settings``. A flag, a name or
    a variable that the core or another plugin has stops the start.
    :func:`seldon_runtime.plugin.option` makes an option whose help shows its variable and default.
    """


@hookspec
def seldon_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Return further commands of ``seldon-run``, such as ``seldon-run <command>``."""


@hookspec
def seldon_hookspecs() -> object | Sequence[object]:
    """Return modules with further hook specifications, for other plugins to implement.

    Mark the specifications with :data:`seldon_runtime.plugin.hookspec`. Called before all other hooks, while
    plugins are registered. The plugin calls these hooks itself, through the ``hooks`` argument that every
    hook receives which makes objects. A plugin that implements such a hook marks it
    ``@hookimpl(optionalhook=True)``, because the specifying plugin may not be selected.
    """


@hookspec(firstresult=True)
def seldon_state_store(settings: Settings, hooks: Hooks) -> StateStore | None:
    """Return the state store; None after logging why state is not kept.

    Called before the load, and by ``seldon-run state``, only for the plugin that PERSISTENCE selects. It may
    raise StartupError, but should return a store that does not respond: the core then fails, waits or
    starts fresh, as PERSISTENCE_AT_START says.
    """


@hookspec(firstresult=True)
def seldon_service(units: Units, settings: Settings, hooks: Hooks) -> Service | None:
    """Return a service of the plugin's own, such as a graph of components; None serves one component.

    Called before any component is loaded. ``units.load`` loads each component.
    """


@hookspec(firstresult=True)
def seldon_predictor(
    reference: str, parameters: Mapping[str, Any], settings: Settings, hooks: Hooks
) -> Predictor | None:
    """Return the predictor for ``MODEL_NAME``, or None for a class, which is loaded next.

    Called on the component's thread, which also runs all methods of the predictor. PERSISTENCE does not save
    the state of such a predictor.
    """


@hookspec(firstresult=True)
def seldon_restore_component(
    reference: str,
    parameters: Mapping[str, Any],
    settings: Settings,
    restore: Callable[[type], object | None],
    hooks: Hooks,
) -> object | None:
    """Return the user's object from its stored state, for a loader whose components keep state.

    Called on the component's thread, before ``seldon_load_component``, only when PERSISTENCE chooses a store.
    ``restore(cls)`` returns the stored object of that class, or None if no state is stored. Return its
    result; after None, ``seldon_load_component`` constructs the object. ``restore`` raises StartupError when
    the state does not fit the class.
    """


@hookspec(firstresult=True)
def seldon_load_component(
    reference: str, parameters: Mapping[str, Any], settings: Settings, hooks: Hooks
) -> object | None:
    """Return the user's object for ``MODEL_NAME``; None leaves it to another plugin or the plain import.

    Called once for each component, on its thread, before ``load()``. ``parameters`` are the typed constructor
    parameters.
    """


@hookspec
def seldon_ports(settings: Settings) -> Port | Sequence[Port] | None:
    """Return the TCP ports that the plugin will bind, or None. Called once, before the load; not in workers.

    The runtime then finds a port that is taken before the component is loaded, which may take minutes. A
    supervisor checks the ports of all its workers.
    """


@hookspec
def seldon_observer(settings: Settings, hooks: Hooks) -> Observer | Sequence[Observer] | None:
    """Return observers of calls and of the process's life cycle, or None. Called once, before the load."""


@hookspec
def seldon_interceptor(
    service: Service, settings: Settings, hooks: Hooks
) -> Interceptor | Sequence[Interceptor] | None:
    """Return interceptors around every call, or None. Called once, after the load.

    The plugin named first in the configuration is the outermost.
    """


@hookspec(firstresult=True)
def seldon_batcher(service: Service, unit: Unit, settings: Settings, hooks: Hooks) -> Batcher | None:
    """Return the batcher of a component's waiting calls, or None to run each call alone.

    Called once for each component, after the load: for the only one, or for each node of a graph. Each needs
    a batcher of its own.

    Raises:
        StartupError: batches are not possible for this component.
    """


@hookspec
def seldon_transport(
    service: Service, settings: Settings, hooks: Hooks, sockets: Sockets
) -> Transport | Sequence[Transport] | None:
    """Return transports that are not started yet, or None. Called once, after the load, before readiness.

    A transport binds its ports by ``sockets`` in its :meth:`~seldon_runtime.plugin.Transport.start`.
    """
