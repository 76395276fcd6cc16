"""Core's own behaviour, registered through the same hooks as any plugin's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_runtime.access_log import AccessLog
from seldon_runtime.hookspecs import hookimpl
from seldon_runtime.loading import create, load_class
from seldon_runtime.observer import Observer
from seldon_runtime.settings import Settings


@hookimpl(trylast=True)
def seldon_load_component(reference: str, parameters: Mapping[str, Any], settings: Settings) -> object:
    """Import the user's class and construct it."""
    return create(load_class(reference), parameters)


@hookimpl
def seldon_observer(settings: Settings) -> Observer | None:
    """The access log, if it is wanted."""
    return AccessLog() if settings["access_log"] else None
