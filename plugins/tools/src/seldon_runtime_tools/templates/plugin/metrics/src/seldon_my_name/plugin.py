"""The hooks of the plugin, an object that its observer and its transport share."""

from __future__ import annotations

from collections.abc import Sequence

import click
from seldon_my_name.counts import Counts
from seldon_my_name.page import PORT_SETTING, CountsPage

from seldon_runtime.plugin import (
    Observer,
    Port,
    Settings,
    Sockets,
    StartupError,
    Transport,
    hookimpl,
    option,
)


class MyNamePlugin:
    """The hooks of one start; the runtime makes the object."""

    def __init__(self) -> None:
        self._counts = Counts()

    @hookimpl
    def seldon_options(self) -> Sequence[click.Option]:
        """Return the options; the hooks below find their values in ``settings["my_name_port"]`` and so on."""
        return [
            option(
                "--my-name-port",
                envvar="SELDON_MY_NAME_PORT",
                type=click.IntRange(0, 65535),
                default=6000,
                help="Port of the page of my-name; 0 for any free port.",
            )
        ]

    @hookimpl
    def seldon_ports(self, settings: Settings) -> Port:
        """Return the port of the page, so that a taken one is found before a slow load."""
        return Port(settings["host"], settings["my_name_port"], PORT_SETTING)

    @hookimpl
    def seldon_observer(self) -> Observer:
        """Return the observer that counts."""
        return self._counts

    @hookimpl
    def seldon_transport(self, settings: Settings, sockets: Sockets) -> Transport:
        """Return the transport that serves the page; the runtime starts it later."""
        if settings.worker.count > 1:
            raise StartupError("my-name counts the calls of one process: leave --workers out")
        return CountsPage(self._counts, settings["host"], settings["my_name_port"], sockets)
