"""How a server leaves a port that other workers serve on, and no client notices."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence

from seldon_runtime_grpc import sockets

_MOST_HANDSHAKE_S = 3.0
"""How long a connection that has begun may take to be made: enough to send a lost packet again twice."""
_LOOK_S = 0.02
_LOOK_LATER_S = 0.1
_LOOKS_SHARE = 5
"""With thousands of descriptors a look takes long: no more than a fifth of the time."""


class Retirement:
    """Begins at once, in a thread of its own. Connections that the system has begun to make, or has made,
    are waited for until grpc has accepted them: closing would reset them. Then new ones go to other workers;
    until then, mostly for milliseconds, they are not answered, and ask again.

    Args:
        port: which the process listens to, as others do.
        listeners: its sockets, which let no more connections begin.
    """

    def __init__(self, port: int, listeners: Sequence[socket.socket]) -> None:
        self._port = port
        self._listeners = listeners
        self._began = time.monotonic()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._leave_to_others, name="grpc-retirement", daemon=True)
        self._thread.start()

    def leave_port(self, deadline: float) -> None:
        """Wait until other processes get all new connections; at the deadline, monotonic, they do anyway."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        self._given_up.set()
        self._thread.join()

    def outlast_clients(self, told_s: float, deadline: float, end_streams: Callable[[], object]) -> None:
        """Wait until there is no client any more: until the last one has gone, it may have sent another call.

        Args:
            told_s: after which time every client has been told to connect anew.
            deadline: when to give up, monotonic.
            end_streams: ends what clients would never end by themselves, once they have been told.
        """
        told = self._began + told_s
        if not sockets.are_shown():
            _sleep(min(told, deadline) - time.monotonic())
            return
        while (began := time.monotonic()) < deadline and sockets.has_clients(self._port):
            if began > told:
                end_streams()
            took_s = time.monotonic() - began
            _sleep(min(max(_LOOK_LATER_S, _LOOKS_SHARE * took_s), deadline - time.monotonic()))

    def _leave_to_others(self) -> None:
        begun = sockets.begun(self._port)
        while (
            begun and time.monotonic() < self._began + _MOST_HANDSHAKE_S and not self._given_up.wait(_LOOK_S)
        ):
            begun &= sockets.begun(self._port)
        while any(map(sockets.waiting, self._listeners)) and not self._given_up.wait(_LOOK_S):
            pass
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RD)


def _sleep(seconds: float) -> None:
    time.sleep(max(0.0, seconds))
