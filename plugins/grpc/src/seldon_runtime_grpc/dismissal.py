"""Whether clients have been told to leave: grpc tells them some time after it was asked to, and does not say
when."""

from __future__ import annotations

import time

from seldon_runtime_grpc import sockets

_LOOK_S = 0.002
_LOOKS_SHARE = 2
"""With thousands of connections a look takes long: no more than a third of the time."""


class Dismissal:
    """Follows the connections that are open when it is made, until something has been sent over each.

    Make it before grpc is asked to tell its clients.

    Args:
        port: to which they are connected.
    """

    def __init__(self, port: int) -> None:
        self._sent = {
            connection: sockets.segments_sent(connection) for connection in sockets.connections(port)
        }

    def wait(self, end: float) -> None:
        """Until all clients have been told or have gone; at the end, monotonic, anyway: who does not read
        cannot be told. Call once."""
        while (began := time.monotonic()) < end and self._look():
            took_s = time.monotonic() - began
            time.sleep(max(0.0, min(max(_LOOK_S, _LOOKS_SHARE * took_s), end - time.monotonic())))
        for connection in self._sent:
            connection.close()

    def _look(self) -> bool:
        """Whether there is one that has not been told."""
        for connection, count in tuple(self._sent.items()):
            if sockets.segments_sent(connection) != count or count is None:
                del self._sent[connection]
                connection.close()
        return bool(self._sent)
