"""Waiting for what ought to happen, without ever sleeping for a fixed time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WAIT_S = float(os.environ.get("SELDON_TEST_WAIT_S") or 60)
"""How long a test waits for something that ought to happen soon."""


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
    """Ask ``condition`` until it is true. Fails, naming ``what`` was waited for, when it stays false."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {what}"
        time.sleep(0.005)


class Background:
    """A function in a thread of its own, started at once: a client that waits for its answer."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._outcome: list[Any] = []

        def run() -> None:
            try:
                self._outcome.append(work())
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self._outcome.append(error)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def outcome(self) -> Any:
        """What the function returned, or the exception that it raised; waited for."""
        self._thread.join(WAIT_S)
        assert self._outcome, f"a client had no answer within {WAIT_S:g} s"
        return self._outcome[0]

    @property
    def done(self) -> bool:
        """Whether there is an outcome already."""
        return bool(self._outcome)


class Gate:
    """A place where user code of another process waits, once, until the test lets it go on: a named pipe.

    ``gate.pass_`` is the expression for user code.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self._end: int | None = None
        self.pass_ = f"open({str(path)!r}).read()"

    def wait_until_reached(self, timeout_s: float = WAIT_S) -> None:
        """Until user code stands at the gate."""
        deadline = time.monotonic() + timeout_s
        while self._end is None:
            try:
                self._end = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # that one: nobody reads yet
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError("user code did not reach the gate") from error
                time.sleep(0.005)

    def open(self) -> None:
        """Let go on what stands at the gate, or comes to it soon."""
        self.wait_until_reached()
        self.close()

    def close(self) -> None:
        """Let go on what stands at the gate, if anything does."""
        if self._end is not None:
            os.close(self._end)
            self._end = None
