"""The address that grpcio listens on: the same as that of the other transports.

grpcio takes 0.0.0.0 for every address of both families, and a name for all of its addresses. So a server that
``--host`` limits to IPv4 would listen on IPv6 too.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seldon_runtime.plugin import url_host

_ALL = "0.0.0.0"
_TRIES, _RETRY_S = 500, 0.01
"""Another worker may hold the IPv6 port for some milliseconds, while it binds."""


def bind(host: str, port: int, add_port: Callable[[str], int]) -> int:
    """Let grpcio listen, and return the port.

    Args:
        host: an IPv4 or IPv6 address or a name, with the meaning that it has for :meth:`Sockets.bind`.
        port: 0 for any free port.
        add_port: adds an address to grpcio's server.

    Raises:
        OSError: the name is unknown, or no port is free.
        RuntimeError: from grpcio, the port is not available.
    """
    address = host if ":" in host else _ipv4_address(host)
    if address != _ALL:
        return add_port(f"{url_host(address)}:{port}")
    with _without_ipv6(port or _free_port()) as number:
        return add_port(f"{_ALL}:{number}")


def _ipv4_address(host: str) -> str:
    found = socket.getaddrinfo(host or _ALL, None, socket.AF_INET, socket.SOCK_STREAM)
    return str(found[0][4][0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_ALL, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _without_ipv6(port: int) -> Iterator[int]:
    """Hold the port on IPv6: grpcio, which tries IPv6 first, then binds it on IPv4 alone."""
    try:
        guard = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:  # a system without IPv6
        yield port
        return
    with guard:
        guard.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for _ in range(_TRIES):
            try:
                guard.bind(("::", port))
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    break  # the system has no IPv6 address
            time.sleep(_RETRY_S)
        yield port
