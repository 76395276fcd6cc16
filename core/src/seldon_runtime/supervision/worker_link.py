"""A worker's link to its supervisor: orders, events and listening sockets."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Self

from seldon_runtime.errors import StartupError
from seldon_runtime.settings.values import Worker
from seldon_runtime.supervision.channel import Channel
from seldon_runtime.transport.forks import withhold, withhold_port
from seldon_runtime.transport.sockets import RequestOrdinals, Reservation, Sockets

VARIABLE = "SELDON_RUNTIME_WORKER"
"""The variable, not a setting, that describes a worker to its process."""


_BEATS = 5
"""The signs of life that a worker sends within the time after which its supervisor kills it."""


class Order(Enum):
    """An order of the supervisor to a worker."""

    UNREADY = "unready"
    """Turn not ready, but keep serving."""
    RETIRE = "retire"
    """End, while other workers keep serving."""
    END = "end"
    """End, as all workers do."""


class WorkerLink(Sockets):
    """The worker's end of the channel, and the source of its listening sockets.

    Args:
        channel: the channel to the supervisor.
        worker: the description of this worker.
    """

    def __init__(self, channel: Channel, worker: Worker) -> None:
        self.outlived = True
        self._channel = channel
        self.worker = worker
        self._ordinals = RequestOrdinals()
        self._early: list[dict[str, Any]] = []
        self._beating: threading.Event | None = None

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the link to the supervisor that started this process, or None.

        Removes the variable, so that programs that user code starts do not inherit it.
        """
        text = os.environ.pop(VARIABLE, None)
        if text is None:
            return None
        description = json.loads(text)
        end = socket.socket(fileno=description["descriptor"])
        os.set_inheritable(end.fileno(), False)
        withhold(end)
        index, count, restarts = (description[key] for key in ("index", "count", "restarts"))
        worker = Worker(index, count, restarts, Path(description["folder"]))
        return cls(Channel(end), worker)

    def fileno(self) -> int:
        """Return the descriptor, for ``select``."""
        return self._channel.fileno()

    def orders(self) -> list[Order]:
        """Return the supervisor's new orders: END if the supervisor has ended."""
        messages, self._early = self._early, []
        received = self._channel.receive(wait=False)
        messages += [{"order": Order.END}] if received is None else received
        orders = [Order(message["order"]) for message in messages]
        self.outlived = self.outlived and Order.END not in orders
        return orders

    def ready(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Report readiness, with the names and addresses of the transports."""
        self._channel.send({"event": "ready", "addresses": list(addresses)})

    def spent(self) -> None:
        """Request a successor, after the worker's share of calls."""
        self._channel.send({"event": "spent"})

    def start_heartbeat(self, timeout_s: float) -> None:
        """Send several signs of life within ``timeout_s``, on a thread, until :meth:`stop_heartbeat`."""
        self._channel.send({"event": "beating"})
        period_s = timeout_s / _BEATS
        self._beating = threading.Event()
        threading.Thread(target=self._beat, args=(period_s, self._beating), name="heart", daemon=True).start()

    def _beat(self, period_s: float, ended: threading.Event) -> None:
        while not ended.wait(period_s):
            self._channel.beat()

    def stop_heartbeat(self) -> None:
        """Report that the worker ends, so that no further sign of life will come."""
        if self._beating is not None:
            self._beating.set()
            self._channel.send({"event": "ending"})

    def hung(self) -> None:
        """Report that the worker hangs and ends."""
        self._channel.send({"event": "hung"})

    def bind(self, host: str, port: int, setting: str) -> socket.socket:
        """Return a listening socket that all workers share; raise StartupError if the port is unavailable."""
        listener: socket.socket = self._request("listen", host, port, setting)["attached"]
        withhold_port(listener.getsockname()[1])
        return listener

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """Return a port that every worker may bind with SO_REUSEPORT; raise StartupError if unavailable."""
        return Reservation(self._request("reserve", host, port, setting)["port"], shared=True, outlived=True)

    def _request(self, event: str, host: str, port: int, setting: str) -> dict[str, Any]:
        place = self._ordinals.next(event, host, port, setting)
        self._channel.send({"event": event, "place": [host, port, setting, place]})
        while True:
            messages = self._channel.receive()
            if messages is None:
                raise StartupError("the supervisor of this worker has ended")
            answers = [message for message in messages if "order" not in message]
            self._early += [message for message in messages if "order" in message]
            if answers:
                break
        (answer,) = answers
        if "error" in answer:
            raise StartupError(answer["error"])
        return answer
