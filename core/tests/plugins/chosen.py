"""Plugins that are chosen, plugins with options, and the error of a start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import EXTENSION, find

OPTIONS = """
    import click
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_options():
        return [click.Option(["--{0}-level"]), click.Option(["--{0}-name"])]
"""


def failure(act: Callable[[], object]) -> StartupError:
    with pytest.raises(StartupError) as caught:
        act()
    return caught.value


def chosen(*names: str) -> PluginSet:
    return PluginSet([find(EXTENSION, name) for name in names])
