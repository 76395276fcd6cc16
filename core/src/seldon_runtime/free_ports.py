"""Ports for servers that must be told theirs before they start: tests, trials, measurements."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

_FROM, _BELOW = 20_000, 32_000
"""Below those that systems give to clients: no connection takes one before the server does."""
_TRIES = 1_000
_RANDOM = random.SystemRandom()
"""That no test seeds: processes that choose at the same time must not choose alike."""


def free_ports(count: int) -> list[int]:
    """TCP ports that are free on every IPv4 address at this moment, each the one after the one before.

    Raises:
        OSError: there are none.
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
