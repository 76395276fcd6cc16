"""The hooks of the plugin. The transport's module is imported when the transport is created."""

from __future__ import annotations

from collections.abc import Sequence

import click

from seldon_runtime.plugin import Service, Settings, Sockets, Transport, hookimpl, option


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options; the transport finds their values in ``settings["my_name_port"]`` and so on."""
    return [
        option(
            "--my-name-port",
            envvar="SELDON_MY_NAME_PORT",
            type=click.IntRange(0, 65535),
            help="Port of my-name.  [default: --service-port]",
        )
    ]


@hookimpl
def seldon_transport(service: Service, settings: Settings, sockets: Sockets) -> Transport:
    """Return the transport; the runtime starts it later."""
    from seldon_my_name.transport import MyNameTransport

    return MyNameTransport(service, settings, sockets)
