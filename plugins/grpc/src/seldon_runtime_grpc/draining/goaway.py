"""The sending of GOAWAY: grpcio sends it some time after ``Server.stop``, and does not report when."""

from __future__ import annotations

import time

from seldon_runtime_grpc.draining import sockets

_LOOK_S = 0.002
_LOOKS_SHARE = 2
"""How many times longer than a look the pause after it lasts: so looking takes a third of the time at most.

With thousands of connections a look takes long."""


class GoawayWatch:
    """Follows the connections that are open now, until the server has sent something over each of them.

    Create it before you stop the server.

    Args:
        port: the server's port.
    """

    def __init__(self, port: int) -> None:
        self._sent = {
            connection: sockets.segments_sent(connection) for connection in sockets.connections(port)
        }

    def wait(self, end: float) -> None:
        """Block until the server has sent GOAWAY to each client that is still connected. Call it once.

        Args:
            end: when to give up, on the clock of ``time.monotonic``, since a client that does not read
                cannot receive anything.
        """
        while (began := time.monotonic()) < end and self._look():
            took_s = time.monotonic() - began
            time.sleep(max(0.0, min(max(_LOOK_S, _LOOKS_SHARE * took_s), end - time.monotonic())))
        for connection in self._sent:
            connection.close()

    def _look(self) -> bool:
        """Return whether there is still a connection over which the server has sent nothing."""
        for connection, count in tuple(self._sent.items()):
            if sockets.segments_sent(connection) != count or count is None:
                del self._sent[connection]
                connection.close()
        return bool(self._sent)
