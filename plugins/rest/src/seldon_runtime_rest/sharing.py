"""Accepting from a socket from which other workers accept too, so that each gets its share."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

logger = logging.getLogger(__name__)

_STEP_S = 0.001
_LONGEST_S = 0.01
_SHARE = 8
_PAUSE_S = 0.5


class Acceptor:
    """Accepts connections for one event loop, the later the more it has: whoever has fewer is quicker.

    A server that accepted what it sees at once would get all connections of a burst, and one component thread
    all the work. At most an eighth of what it has already is accepted in one go.

    Args:
        listener: non-blocking; shared with other processes.
        protocol: makes the protocol of a new connection.
        count: how many connections there are.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        count: Callable[[], int],
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._wait()

    def close(self) -> None:
        """Accept no more. The listener stays open."""
        self._loop.remove_reader(self._listener)
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listener, self._knock)

    def _knock(self) -> None:
        """Somebody is at the door."""
        self._loop.remove_reader(self._listener)
        delay_s = min(self._count() * _STEP_S, _LONGEST_S)
        self._timer = self._loop.call_later(delay_s, self._accept)

    def _accept(self) -> None:
        try:
            for _ in range(1 + self._count() // _SHARE):
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except BlockingIOError:  # another worker was quicker
            pass
        except OSError as error:
            logger.error("a connection cannot be accepted: %s", error)
            self._timer = self._loop.call_later(_PAUSE_S, self._wait)
            return
        self._wait()
