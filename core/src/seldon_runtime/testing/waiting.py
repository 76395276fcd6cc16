"""Waiting for conditions in tests, without sleeping for a fixed time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

WAIT_S = float(os.environ.get("SELDON_TEST_WAIT_S") or 60)
"""The seconds that a test waits for an event that should happen soon."""


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait until ``condition()`` is true; fail with the description ``what`` if it stays false."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {what}"
        time.sleep(0.005)


def within(act: Callable[[], T], what: str, timeout_s: float = WAIT_S) -> T:
    """Return the result of a plugin's function, or raise its exception; fail if it does not return in time.

    The function runs on a thread of its own.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(act())
        except BaseException as error:  # noqa: BLE001 - raised where the test waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout_s)
    assert not thread.is_alive(), f"{what} did not return within {timeout_s:g} s"
    if errors:
        raise errors[0]
    return results[0]


class Background:
    """A function on a thread of its own, such as a client that waits for its answer."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._outcome: list[Any] = []

        def run() -> None:
            try:
                self._outcome.append(work())
            except Exception as error:  # noqa: BLE001 - the test inspects it
                self._outcome.append(error)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def outcome(self) -> Any:
        """The function's result, or the exception that it raised. Waits for it."""
        self._thread.join(WAIT_S)
        assert self._outcome, f"a client had no answer within {WAIT_S:g} s"
        return self._outcome[0]

    @property
    def done(self) -> bool:
        """True if the function has ended."""
        return bool(self._outcome)


class Gate:
    """A named pipe at which user code of another process waits, once, until the test opens it.

    ``gate.pass_`` is the expression for user code.
    """

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._path = path
        self._end: int | None = None
        self.pass_ = f"open({str(path)!r}).read()"

    def wait_until_reached(self, timeout_s: float = WAIT_S) -> None:
        """Wait until user code has reached the gate."""
        deadline = time.monotonic() + timeout_s
        while self._end is None:
            try:
                self._end = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # ENXIO: no process reads yet
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError("user code did not reach the gate") from error
                time.sleep(0.005)

    def open(self) -> None:
        """Let user code pass that waits at the gate, or reaches it soon."""
        self.wait_until_reached()
        self.close()

    def close(self) -> None:
        """Let user code pass that waits at the gate, if any."""
        if self._end is not None:
            os.close(self._end)
            self._end = None
