"""What a worker process knows of its supervisor."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Self

from seldon_runtime.control import Channel
from seldon_runtime.errors import StartupError
from seldon_runtime.listening import Places, Reservation
from seldon_runtime.settings import Worker

VARIABLE = "SELDON_RUNTIME_WORKER"
"""How a supervisor tells a process that it is a worker; no setting."""


class Order(Enum):
    """What a supervisor may tell a worker."""

    UNREADY = "unready"
    """Say that new work is not welcome, but serve."""
    RETIRE = "retire"
    """End; another worker serves on."""
    END = "end"
    """End; so do all the others."""


class Link:
    """The worker's end of the line. It is also where the worker's listening sockets come from.

    Args:
        channel: to the supervisor.
        worker: which worker this is.
    """

    def __init__(self, channel: Channel, worker: Worker) -> None:
        self.outlived = True
        self._channel = channel
        self.worker = worker
        self._places = Places()
        self._early: list[dict[str, Any]] = []

    @classmethod
    def from_environment(cls) -> Self | None:
        """The line to the supervisor that started this process, or None. Programs that user code starts
        do not take themselves for workers: the variable is removed."""
        text = os.environ.pop(VARIABLE, None)
        if text is None:
            return None
        told = json.loads(text)
        end = socket.socket(fileno=told["descriptor"])
        os.set_inheritable(end.fileno(), False)
        worker = Worker(told["index"], told["count"], told["restarts"], Path(told["folder"]))
        return cls(Channel(end), worker)

    def fileno(self) -> int:
        """For ``select``."""
        return self._channel.fileno()

    def orders(self) -> list[Order]:
        """What the supervisor has said meanwhile. That it has gone means to end."""
        messages, self._early = self._early, []
        heard = self._channel.receive(wait=False)
        messages += [{"order": Order.END}] if heard is None else heard
        orders = [Order(message["order"]) for message in messages]
        self.outlived = self.outlived and Order.END not in orders
        return orders

    def ready(self, addresses: Sequence[tuple[str, str]]) -> None:
        """The worker serves: names and addresses of its transports."""
        self._channel.send({"event": "ready", "addresses": list(addresses)})

    def spent(self) -> None:
        """The worker has done its share of calls, and asks to be replaced."""
        self._channel.send({"event": "spent"})

    def hung(self) -> None:
        """The worker hangs and is ending."""
        self._channel.send({"event": "hung"})

    def listen(self, host: str, port: int, setting: str) -> socket.socket:
        """A listening socket that all workers share. Raises StartupError when the port cannot be had."""
        listener: socket.socket = self._ask("listen", host, port, setting)["attached"]
        return listener

    def reserve(self, host: str, port: int, setting: str) -> Reservation:
        """A port that every worker may bind with SO_REUSEPORT. Raises StartupError."""
        return Reservation(self._ask("reserve", host, port, setting)["port"], shared=True, outlived=True)

    def let_go(self, listener: socket.socket) -> None:
        """The supervisor has closed its own."""

    def _ask(self, event: str, host: str, port: int, setting: str) -> dict[str, Any]:
        place = self._places.next(event, host, port, setting)
        self._channel.send({"event": event, "place": [host, port, setting, place]})
        while True:
            messages = self._channel.receive()
            if messages is None:
                raise StartupError("the supervisor of this worker has gone")
            answers = [message for message in messages if "order" not in message]
            self._early += [message for message in messages if "order" in message]
            if answers:
                break
        (answer,) = answers
        if "error" in answer:
            raise StartupError(answer["error"])
        return answer
