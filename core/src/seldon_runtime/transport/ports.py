"""The ports that plugins will bind, checked before the component is loaded, which may take minutes."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from seldon_runtime.errors import StartupError
from seldon_runtime.transport.sockets import family_of, unavailable


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port that a transport will bind, from the hook ``seldon_ports``."""

    host: str
    """Address to listen on: ``settings["host"]``."""
    number: int
    """0 to 65535; 0 is any free port, which needs no check."""
    setting: str
    """The option to name in the message when the port is taken."""


def require_free(ports: Iterable[tuple[str, Port]]) -> None:
    """Raise StartupError if a port is taken by another program, or named by two plugins.

    Binds each port and releases it at once, without listening: a client is refused meanwhile, as before.

    Args:
        ports: each with the plugin's name for messages.
    """
    owners: dict[int, str] = {}
    for label, port in ports:
        if not port.number:
            continue
        owner = owners.setdefault(port.number, label)
        if owner != label:
            raise StartupError(
                f"{owner} and {label} both use port {port.number}: choose another one with {port.setting}"
            )
        with socket.socket(family_of(port.host), socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections may linger
            try:
                probe.bind((port.host, port.number))
            except (OSError, OverflowError) as error:
                raise unavailable(port.host, port.number, port.setting, error) from None
