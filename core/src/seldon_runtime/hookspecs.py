"""Every hook of the runtime. All are called at start-up, once, on the main thread.

A plugin is a module or object, named by an entry point, with functions of these
names marked by :data:`seldon_runtime.hookimpl`. A hook may take fewer arguments than
its specification. Hooks collect objects; the objects do the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import pluggy

from seldon_runtime.observer import Interceptor, Observer
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.state import StateStore
from seldon_runtime.transport import Transport

PROJECT = "seldon_runtime"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def seldon_options() -> Sequence[click.Option]:  # type: ignore[empty-body]
    """The plugin's settings, as click options.

    Called first, before anything is loaded. Give each option a long flag, ``envvar``
    (prefixed ``SELDON_`` unless the protocol names it), ``type``, ``default`` and
    ``help``: they become part of ``seldon-run --help``. The values arrive in ``settings``.
    :func:`seldon_runtime.settings.option` makes one that shows them there.
    """


@hookspec(firstresult=True)
def seldon_state_store(settings: Settings) -> StateStore | None:
    """Where state is kept; None when it is not, and the plugin has logged why. Before the load.

    Only asked when PERSISTENCE chooses a plugin; ``seldon-run state`` asks too. It may
    raise StartupError, but a store that does not answer is better returned: the core then
    fails, waits or starts fresh, as PERSISTENCE_AT_START says.
    """


@hookspec(firstresult=True)
def seldon_load_component(reference: str, parameters: Mapping[str, Any], settings: Settings) -> object | None:
    """The user's object for ``MODEL_NAME``, or None to let another plugin or the plain import find it.

    Called once, on the component's thread, before ``load()``. ``parameters`` are the
    typed constructor parameters.
    """


@hookspec
def seldon_observer(settings: Settings) -> Observer | Sequence[Observer] | None:
    """Observers, told of every finished call and of life-cycle changes; None for none. After the load."""


@hookspec
def seldon_interceptor(service: Service, settings: Settings) -> Interceptor | Sequence[Interceptor] | None:
    """Interceptors around every call; None for none. Called after the load; the plugin named first
    in the configuration is the outermost."""


@hookspec
def seldon_transport(service: Service, settings: Settings) -> Transport | Sequence[Transport] | None:
    """Transports, not yet started; None for none. Called after the load, before readiness."""


@hookspec
def seldon_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands that stand beside ``seldon-run plugins``: ``seldon-run <command>``."""
