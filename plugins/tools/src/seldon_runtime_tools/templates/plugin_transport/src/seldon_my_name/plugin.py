"""Hooks of the plugin. What serves is imported when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime import hookimpl
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.transport import Transport


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """The settings: ``settings["my_name_port"]`` and so on."""
    return [
        click.Option(
            ["--my-name-port"],
            envvar="SELDON_MY_NAME_PORT",
            type=click.IntRange(0, 65535),
            show_envvar=True,
            help="Port of my-name; without it, --service-port counts.",
        )
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> Transport:
    """The transport; nothing is started yet."""
    from seldon_my_name.transport import MyNameTransport

    return MyNameTransport(service, settings)
