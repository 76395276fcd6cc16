"""What a transport plugin provides."""

from __future__ import annotations

import socket
from typing import Protocol

from seldon_runtime.errors import StartupError


class Transport(Protocol):
    """Takes requests from outside and submits them to the service.

    All methods are called on the main thread, each once, in this order.
    """

    name: str

    @property
    def address(self) -> str:
        """Where it can be reached, such as ``http://0.0.0.0:5000``; final once started."""

    def start(self) -> None:
        """Bind and return; serve in threads of its own. Raises StartupError, naming the remedy."""

    def stop_accepting(self) -> None:
        """Take no new connections or messages. Returns at once; what was accepted goes on."""

    def stop(self, grace_s: float) -> None:
        """Wait until accepted work is answered, ``grace_s`` seconds at most; then end all threads."""


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A listening TCP socket, bound to ``host`` and ``port`` (0: any free one).

    Args:
        host: an IPv4 or IPv6 address or a name; ``::`` takes both families where the system allows.
        port: 0 to 65535.
        setting: the option to name when the port cannot be had.

    Raises:
        StartupError: the port is in use or may not be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1)  # another listener on the port is only found by listening
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartupError(
            f"cannot listen on {host}:{port} ({error}): is another program using the port? "
            f"Choose another one with {setting}"
        ) from None
    return listener
