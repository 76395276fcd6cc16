"""What a transport plugin provides."""

from __future__ import annotations

import socket
from typing import Protocol

from seldon_runtime import listening
from seldon_runtime.listening import Reservation, bar, drained

__all__ = ["Reservation", "Transport", "bar", "bind", "drained", "reserve"]


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
    """A listening TCP socket, bound to ``host`` and ``port`` (0: any free one). :func:`drained` closes it.

    With several workers it is the same for all of them: who accepts a connection serves it.

    Args:
        host: an IPv4 or IPv6 address or a name; ``::`` takes both families where the system allows.
        port: 0 to 65535.
        setting: the option to name when the port cannot be had.

    Raises:
        StartupError: the port is in use or may not be bound.
    """
    return listening.source.listen(host, port, setting)


def reserve(host: str, port: int, setting: str) -> Reservation:
    """A port for a server that can only bind by itself; rather use :func:`bind`. Arguments as there.

    Returns:
        The port, whether to bind it with SO_REUSEPORT, since other workers bind it too, and whether they do
        so from the start. The system then deals connections out to them. Other programs do not get the port.

    Raises:
        StartupError: the port is in use or may not be bound.
    """
    return listening.source.reserve(host, port, setting)
