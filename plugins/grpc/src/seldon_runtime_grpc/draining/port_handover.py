"""The handover of a port to the other workers that listen on it, without losing a connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence

from seldon_runtime_grpc.draining import sockets

_MOST_HANDSHAKE_S = 3.0
"""How long the TCP handshake of a connection may take: long enough to send a lost packet twice again."""
_LOOK_S = 0.02
_LOOK_LATER_S = 0.1
_LOOKS_SHARE = 5
"""How many times longer than a look the pause after it lasts: so looking takes a sixth of the time at most.

With thousands of descriptors a look takes long."""


class PortHandover:
    """Leaves a port to other workers, in a thread of its own, which starts at once.

    The thread first waits until grpcio has accepted each connection whose handshake has begun or that is
    in the backlog: closing the socket would reset it. Then new connections go to other workers. Until then,
    mostly for milliseconds, new connections get no answer, and the client's system tries again.

    Args:
        port: the port of this server and of the other workers.
        listeners: the server's listening sockets, which no longer begin handshakes.
    """

    def __init__(self, port: int, listeners: Sequence[socket.socket]) -> None:
        self._port = port
        self._listeners = listeners
        self._began = time.monotonic()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._leave_to_others, name="grpc-handover", daemon=True)
        self._thread.start()

    def leave_port(self, deadline: float) -> None:
        """Block until all new connections go to other workers.

        Args:
            deadline: when to stop waiting for handshakes, on the clock of ``time.monotonic``. New connections
                go to other workers from then on.
        """
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._given_up.set()
        self._thread.join()

    def outlast_clients(self, goaway_s: float, deadline: float, end_streams: Callable[[], object]) -> None:
        """Block until all clients have disconnected, since a connected client may send another call.

        Args:
            goaway_s: seconds from the start of the handover until every client has received GOAWAY.
            deadline: when to give up, on the clock of ``time.monotonic``.
            end_streams: ends the streams that clients do not end themselves. Called after ``goaway_s``.
        """
        goaway_end = self._began + goaway_s
        if not sockets.are_visible():
            _sleep(min(goaway_end, deadline) - time.monotonic())
            return
        while (began := time.monotonic()) < deadline and sockets.has_clients(self._port):
            if began > goaway_end:
                end_streams()
            took_s = time.monotonic() - began
            _sleep(min(max(_LOOK_LATER_S, _LOOKS_SHARE * took_s), deadline - time.monotonic()))

    def _leave_to_others(self) -> None:
        begun = sockets.handshakes(self._port)
        while (
            begun and time.monotonic() < self._began + _MOST_HANDSHAKE_S and not self._given_up.wait(_LOOK_S)
        ):
            begun &= sockets.handshakes(self._port)
        while any(map(sockets.backlog, self._listeners)) and not self._given_up.wait(_LOOK_S):
            pass
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RD)


def _sleep(seconds: float) -> None:
    time.sleep(max(0.0, seconds))
