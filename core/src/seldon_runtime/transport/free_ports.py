"""Free ports for servers that need a port number before they start: in tests and measurements."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

_FROM, _BELOW = 20_000, 32_000
"""A range below the ephemeral ports, so that no connection takes a port before the server does."""
_TRIES = 1_000
_RANDOM = random.SystemRandom()
"""A generator that tests cannot seed: simultaneous processes must choose different ports."""


def free_ports(count: int) -> list[int]:
    """Return consecutive TCP ports that are free on every IPv4 address at this moment.

    Raises:
        OSError: no such ports are free.
    """
    for _ in range(_TRIES - 1):
        try:
            return _tried(count)
        except OSError:
            continue
    return _tried(count)


def _tried(count: int) -> list[int]:
    first = _RANDOM.randrange(_FROM, _BELOW - count + 1)
    ports = list(range(first, first + count))
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.socket()).bind(("0.0.0.0", port))
    return ports
