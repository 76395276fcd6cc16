"""The closing of idle connections while there are too many, so that idle clients lock nobody out.

grpc closes a new connection beyond the limit, also a probe's. So it gets a limit with some room above the
setting, and here the connections that have been idle longest are closed until that room is free again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from seldon_runtime_grpc.draining import sockets
from seldon_runtime_grpc.server.beginner import Cancellation
from seldon_runtime_grpc.server.probe_pool import ProbePool

logger = logging.getLogger(__name__)

_ROOM = 4
"""One connection more for each four that the setting allows."""
_LOOK_S = 0.2
_LOOK_LATER_S = 1.0
_LOOKS_SHARE = 5
_LEAST_IDLE_S = 0.5
"""A client that has just connected is about to call."""


def with_room(connections: int) -> int:
    """Return the limit for grpc: the number of connections that the setting allows, and room for others."""
    return connections + connections // _ROOM


class IdleClients:
    """Closes idle connections beyond a number, on a thread of its own.

    Without grpcio's private lists of calls, or where the system does not show sockets, it closes none.

    Args:
        most: how many connections may stay.
        server: grpcio's server.
        probes: the calls of health and reflection.
        port: the server's port.
    """

    def __init__(self, most: int, server: Any, probes: ProbePool, port: int) -> None:
        self._most = most
        self._server = server
        self._probes = probes
        self._port = port
        self._ended = threading.Event()
        self._has_warned = False
        self._thread = threading.Thread(target=self._work, name="grpc-idle-clients", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        if sockets.are_visible() and self._busy_ports() is not None:
            self._thread.start()

    def stop(self) -> None:
        """End the thread. Returns at once."""
        self._ended.set()

    def _work(self) -> None:
        pause_s = _LOOK_LATER_S
        while not self._ended.wait(pause_s):
            began = time.monotonic()
            try:
                count = self._trim()
            except Exception:  # the limit of grpc holds without this thread
                logger.exception("idle gRPC connections can no longer be closed")
                return
            look_s = _LOOK_S if count > self._most // 2 else _LOOK_LATER_S
            pause_s = max(look_s, _LOOKS_SHARE * (time.monotonic() - began))

    def _trim(self) -> int:
        """Close what is idle and too much; return the number of connections before."""
        opened = sockets.connections(self._port)
        try:
            spare = len(opened) - self._most + (0 if self._most >= _ROOM else 1)
            if spare > 0 and not self._ended.is_set():
                busy = self._busy_ports() or frozenset()
                idle = [
                    (idle_s, place)
                    for place, connection in enumerate(opened)
                    if (idle_s := sockets.idle_s(connection)) is not None
                    and idle_s > _LEAST_IDLE_S
                    and sockets.peer_port(connection) not in busy
                ]
                for _, place in sorted(idle, reverse=True)[:spare]:
                    self._warn()
                    sockets.shut_down(opened[place])
            return len(opened)
        finally:
            for connection in opened:
                connection.close()

    def _busy_ports(self) -> frozenset[int] | None:
        """Return the ports of the clients with an open call; None if this grpcio does not show them."""
        try:
            state = self._server._state  # grpcio has no public way
            with state.lock:
                calls = list(state.rpc_states)
            callbacks = [callback for call in calls for callback in call.callbacks or ()]
        except AttributeError:
            return None
        contexts = [callback.context for callback in callbacks if isinstance(callback, Cancellation)]
        peers = [context.peer() for context in (*contexts, *self._probes.contexts())]
        return frozenset(int(peer.rpartition(":")[2]) for peer in peers)

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "all %d connections are taken: the longest idle ones are closed. To allow more connections, "
                "raise --grpc-max-connections",
                self._most,
            )
