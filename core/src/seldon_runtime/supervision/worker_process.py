"""The supervisor's view of a worker process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seldon_runtime.supervision.channel import Channel
from seldon_runtime.supervision.worker_link import VARIABLE, Order


class WorkerProcess:
    """A started worker.

    It is a new interpreter, not a fork, so threads and locks of imported plugins cannot harm it.

    Args:
        command: the command line of ``seldon-run``.
        index, count, restarts, folder: the fields of :class:`seldon_runtime.settings.values.Worker`.
        replaces: the worker that retires when this one is ready.
    """

    def __init__(
        self,
        command: Sequence[str],
        index: int,
        count: int,
        restarts: int,
        folder: Path,
        replaces: WorkerProcess | None,
    ) -> None:
        self.index = index
        self.replaces = replaces
        self.ready = False
        self.retiring = False
        """True after an order to end."""
        self.restart_on_exit = False
        """True to start a successor when this worker has ended."""
        self.kill_at: float | None = None
        self._began = time.monotonic()
        self._channel, theirs = Channel.pair()
        self.is_connected = True
        description = {
            "descriptor": theirs.fileno(),
            "index": index,
            "count": count,
            "restarts": restarts,
            "folder": str(folder),
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "seldon_runtime", *command],
                env={**os.environ, VARIABLE: json.dumps(description)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def __str__(self) -> str:
        return f"worker {self.index} (process {self._process.pid})"

    @property
    def age_s(self) -> float:
        """The seconds since the start."""
        return time.monotonic() - self._began

    @property
    def status(self) -> int | None:
        """The exit status; negative when a signal ended it; None while it runs."""
        return self._process.returncode

    @property
    def ending(self) -> str:
        """The end of the process, in words."""
        if self.status is not None and self.status < 0:
            return f"was ended by {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return self._process.poll()

    def fileno(self) -> int:
        """Return the descriptor, for ``select``."""
        return self._channel.fileno()

    def messages(self) -> list[dict[str, Any]]:
        """Return the worker's new messages."""
        if not self.is_connected:
            return []
        messages = self._channel.receive(wait=False)
        self.is_connected = messages is not None
        return messages or []

    def send(self, answer: socket.socket | int | dict[str, Any]) -> None:
        """Answer the worker's request."""
        if isinstance(answer, socket.socket):
            self._channel.send({}, answer)
        else:
            self._channel.send({"port": answer} if isinstance(answer, int) else answer)

    def order(self, order: Order) -> None:
        """Send an order."""
        self._channel.send({"order": order.value})

    def retire(self, order: Order, within_s: float) -> None:
        """Order the worker to end, and set the time after which it is killed."""
        self.retiring = True
        self.kill_at = time.monotonic() + within_s
        if self.ready:
            self.order(order)
        else:  # a worker receives orders only when it serves
            self._process.terminate()

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the process by SIGKILL."""
        self._process.kill()

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()
