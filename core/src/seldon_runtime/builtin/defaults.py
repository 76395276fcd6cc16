"""The core's own behaviour, registered through the same hooks as any plugin's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seldon_runtime.component.loading import create, load_class
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.service.access_log import AccessLog
from seldon_runtime.service.observer import Observer
from seldon_runtime.settings.values import Settings


@hookimpl
def seldon_restore_component(reference: str, restore: Callable[[type], object | None]) -> object | None:
    """Import the user's class and restore an object of it."""
    return restore(load_class(reference))


@hookimpl
def seldon_load_component(reference: str, parameters: Mapping[str, Any], settings: Settings) -> object:
    """Import the user's class and construct it."""
    return create(load_class(reference), parameters)


@hookimpl
def seldon_observer(settings: Settings) -> Observer | None:
    """Return the access log, if the settings ask for it."""
    return AccessLog() if settings["access_log"] else None
