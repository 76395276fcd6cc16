"""The threads of executors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

Task = Callable[[], None]


class ComponentThread(Protocol):
    """A thread that runs an executor's tasks; a ``threading.Thread`` is one."""

    def start(self) -> None:
        """Begin to run the tasks."""

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""

    def is_alive(self) -> bool:
        """Return whether the thread has started and not ended."""


class Threads:
    """The threads of executors: daemon threads of their own."""

    def make(self, work: Task, name: str) -> ComponentThread:
        """Return a thread, not started, that runs ``work``."""
        return threading.Thread(target=work, name=name, daemon=True)

    def while_waiting(self) -> None:
        """Take notice of signals. Called again and again on a thread that waits for a component's thread."""
