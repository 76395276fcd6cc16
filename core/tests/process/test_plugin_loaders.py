"""Plugins' loaders of components, which restore their state too."""

from __future__ import annotations

import time
from typing import Any

import pytest

from seldon_runtime.errors import StartupError

from .runtimes import Loader

LOADER = """
    class Remote:
        def __init__(self):
            self.count = 0

    Remote.__module__, Remote.__qualname__ = __name__, "Remote"

    @hookimpl
    def seldon_load_component(reference):
        return Remote() if reference.startswith("s3://") else None
"""
RESTORE = """
    @hookimpl
    def seldon_restore_component(reference, restore):
        return restore(Remote) if reference.startswith("s3://") else None
"""


def test_a_loader_restores_the_state_of_its_components(load_with: Loader) -> None:
    first = load_with.runtime(LOADER + RESTORE, persistence=True, model_name="s3://model")
    service: Any = first.load()
    service.user.count += 7
    for unit, state in first.startup.units.states:
        state.start(unit.user, unit.executor, service.state_saved)
    assert first.startup.units.finish_states(time.monotonic() + 10)
    again: Any = load_with(LOADER + RESTORE, persistence=True, model_name="s3://model")
    assert again.user.count == 7
    assert again.user is not service.user


def test_a_loader_that_restores_nothing_is_refused_with_state(load_with: Loader) -> None:
    with pytest.raises(StartupError, match=r"does not restore state .*set PERSISTENCE=0"):
        load_with(LOADER, persistence=True, model_name="s3://model")
