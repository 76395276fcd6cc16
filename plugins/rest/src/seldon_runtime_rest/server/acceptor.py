"""The acceptor of connections, from a listening socket that workers may share."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from seldon_runtime.plugin import ServerTls

logger = logging.getLogger(__name__)

_STEP_S = 0.001
_LONGEST_S = 0.01
_SHARE = 8
_PAUSE_S = 0.5
_AT_ONCE = 100
_HANDSHAKE_S = 10.0
_SHUTDOWN_S = 1.0
_MOST_HANDSHAKES = 1000
"""How many TLS handshakes may be under way; further connections are closed."""


class Acceptor:
    """Accepts connections for one event loop.

    If workers share the socket, each accepts with a delay that grows with its number of open connections, so
    that the least-loaded worker accepts first. A worker without a delay would get all connections of a burst,
    and its component all the work. In one go a worker accepts one connection, and one more for each eight
    that are open.

    Args:
        listener: the listening socket, which must be non-blocking.
        protocol: returns the protocol of a new connection.
        count: returns the number of open connections.
        tls: the server's certificate; None for plain text.
        make_room: closes an idle connection when the process may open no further file; False without one.
        is_shared: set True if other workers accept from the same socket.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        count: Callable[[], int],
        tls: ServerTls | None = None,
        make_room: Callable[[], bool] = lambda: False,
        *,
        is_shared: bool,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._count = count
        self._tls = tls
        self._make_room = make_room
        self._is_shared = is_shared
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._wait()

    def close(self) -> None:
        """Accept no more connections. The listener stays open."""
        self._loop.remove_reader(self._listener)
        if self._timer is not None:
            self._timer.cancel()

    def serve(self, connection: socket.socket) -> None:
        """Serve an accepted connection, on the event loop."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does not always set it
        if self._tls is None:
            connecting = self._loop.connect_accepted_socket(self._protocol, connection)
        elif len(self._tasks) < _MOST_HANDSHAKES:
            connecting = self._loop.connect_accepted_socket(
                self._protocol,
                connection,
                ssl=self._tls.context(),
                ssl_handshake_timeout=_HANDSHAKE_S,
                ssl_shutdown_timeout=_SHUTDOWN_S,
            )
        else:
            connection.close()
            return
        task = self._loop.create_task(connecting)
        self._tasks.add(task)
        task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("a connection was not established: %r", error)  # such as a failed TLS handshake

    def _wait(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listener, self._connection_waits if self._is_shared else self._accept_all)

    def _connection_waits(self) -> None:
        self._loop.remove_reader(self._listener)
        delay_s = min(self._count() * _STEP_S, _LONGEST_S)
        self._timer = self._loop.call_later(delay_s, self._accept_some)

    def _accept_some(self) -> None:
        if self._accept(1 + self._count() // _SHARE):
            self._wait()

    def _accept_all(self) -> None:
        self._accept(_AT_ONCE)

    def _accept(self, most: int) -> bool:
        """Accept some connections; after an error, such as too many open files, pause and return False."""
        try:
            for _ in range(most):
                connection, _ = self._listener.accept()
                self.serve(connection)
        except (BlockingIOError, ConnectionAbortedError):  # no more connections, or the client disconnected
            pass
        except OSError as error:
            pause_s = _PAUSE_S
            if error.errno in (errno.EMFILE, errno.ENFILE) and self._make_room():
                pause_s = _STEP_S  # the event loop first closes the connection
            else:
                logger.error("cannot accept a connection, trying again in %g s: %s", pause_s, error)
            self._loop.remove_reader(self._listener)
            self._timer = self._loop.call_later(pause_s, self._wait)
            return False
        return True
