"""The HTTP server of one listening socket. It runs on the current thread's event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from seldon_runtime.plugin import ServerTls, Sockets
from seldon_runtime_rest.application import Application
from seldon_runtime_rest.server.acceptor import Acceptor
from seldon_runtime_rest.server.completions import Completions
from seldon_runtime_rest.server.connections import ConnectionLimits, Connections
from seldon_runtime_rest.server.parts import ServerParts
from seldon_runtime_rest.server.protocol import HttpProtocol
from seldon_runtime_rest.server.response_text import ResponseText


class HttpServer:
    """Serves an application until :meth:`shutdown`. Create and use it on the event loop's thread.

    Args:
        application: answers the requests.
        limits: the limits for connections.
        tls: the server's certificate; None for plain text.
    """

    def __init__(
        self, application: Application, limits: ConnectionLimits, tls: ServerTls | None = None
    ) -> None:
        self._tls = tls
        loop = asyncio.get_running_loop()
        self.connections = Connections(limits, loop)
        self._parts = ServerParts(application, self.connections, Completions(loop), ResponseText(), loop)
        self._acceptor: Acceptor | None = None
        self._is_over = asyncio.Event()

    def protocol(self) -> HttpProtocol:
        """Return the protocol of a new connection."""
        return HttpProtocol(self._parts)

    async def serve(self, listener: socket.socket, started: Callable[[], None], *, is_shared: bool) -> None:
        """Accept connections, and return after :meth:`shutdown`, when all of them are closed.

        Args:
            listener: the listening socket.
            started: is called once the server accepts connections.
            is_shared: set True if other processes accept from the same socket.
        """
        listener.setblocking(False)
        self._acceptor = Acceptor(
            listener,
            self.protocol,
            lambda: len(self.connections.open),
            self._tls,
            self.connections.make_room,
            is_shared=is_shared,
        )
        started()
        await self._is_over.wait()

    async def close_listener(self, listener: socket.socket, sockets: Sockets) -> None:
        """Stop accepting, after the connections in the backlog, which closing the socket would reset."""
        assert self._acceptor is not None
        self._acceptor.close()
        for connection in sockets.drained(listener):
            self._acceptor.serve(connection)

    def shutdown(self) -> None:
        """Close each connection after the responses to its open requests."""
        self.connections.shutdown(self._is_over.set)
