"""One worker process, as the supervisor sees it."""

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

from seldon_runtime.control import Channel
from seldon_runtime.worker import VARIABLE, Order


class WorkerProcess:
    """A started worker.

    It is a new interpreter, not a fork: nothing that plugins do while they are imported can harm it.

    Args:
        command: the command line of ``seldon-run``.
        index, count, restarts, folder: what :class:`seldon_runtime.settings.Worker` says.
        replaces: the worker to end when this one is ready.
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
        """Whether it has been told to end."""
        self.successor_wanted = False
        """Whether another one is to be started when it has ended."""
        self.kill_at: float | None = None
        self._began = time.monotonic()
        self._channel, theirs = Channel.pair()
        self.speaks = True
        told = {
            "descriptor": theirs.fileno(),
            "index": index,
            "count": count,
            "restarts": restarts,
            "folder": str(folder),
        }
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "seldon_runtime", *command],
                env={**os.environ, VARIABLE: json.dumps(told)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def __str__(self) -> str:
        return f"worker {self.index} (process {self._process.pid})"

    @property
    def age_s(self) -> float:
        """For how long it has been running, in seconds."""
        return time.monotonic() - self._began

    @property
    def status(self) -> int | None:
        """The exit status; negative when a signal ended it; None while it runs."""
        return self._process.returncode

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        if self.status is not None and self.status < 0:
            return f"was ended by {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"

    def poll(self) -> int | None:
        """The exit status, or None."""
        return self._process.poll()

    def fileno(self) -> int:
        """For ``select``."""
        return self._channel.fileno()

    def messages(self) -> list[dict[str, Any]]:
        """What it has said meanwhile."""
        if not self.speaks:
            return []
        messages = self._channel.receive(wait=False)
        self.speaks = messages is not None
        return messages or []

    def send(self, answer: socket.socket | int | dict[str, Any]) -> None:
        """Answer what it asked for."""
        if isinstance(answer, socket.socket):
            self._channel.send({}, answer)
        else:
            self._channel.send({"port": answer} if isinstance(answer, int) else answer)

    def order(self, order: Order) -> None:
        """Tell it what to do."""
        self._channel.send({"order": order.value})

    def retire(self, order: Order, within_s: float) -> None:
        """Tell it to end, and when it is to be killed otherwise."""
        self.retiring = True
        self.kill_at = time.monotonic() + within_s
        if self.ready:
            self.order(order)
        else:  # it listens to orders once it serves
            self._process.terminate()

    def signal(self, number: int) -> None:
        """Send a signal; a process that has ended gets none."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def close(self) -> None:
        """Hang up."""
        self._channel.close()
