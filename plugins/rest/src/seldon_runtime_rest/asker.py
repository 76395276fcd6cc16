"""The client of a request that goes through Flask: how long it waits, and whether it has left."""

from __future__ import annotations

from seldon_runtime.call import Call

KEY = "seldon_runtime.asker"
"""Of an :class:`Asker` in an ASGI scope."""


class Asker:
    """Stands between the event loop, which sees the client, and the thread that makes the call."""

    __slots__ = ("_call", "_deadline", "_left")

    def __init__(self, deadline: float | None = None) -> None:
        self._deadline = deadline
        self._left = False
        self._call: Call | None = None

    def ask(self, call: Call) -> None:
        """This is its call."""
        call.deadline = self._deadline
        self._call = call
        if self._left:
            call.cancelled = True

    def leave(self) -> None:
        """It has gone: a call that has not started is not run."""
        self._left = True
        if self._call is not None:
            self._call.cancelled = True
