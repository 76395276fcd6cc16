"""The gate that holds responses while the server sends GOAWAY."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 5.0


class GoawayGate:
    """Open at first. Shut, it keeps responses until clients have received GOAWAY. Thread-safe.

    A client that is answered earlier sends its next call over the same connection. grpcio answers CANCELLED
    to calls that arrive while it closes a connection, and clients do not retry those.
    """

    def __init__(self) -> None:
        self.is_open = True
        self._changing = threading.Lock()
        self._opened = threading.Event()
        self._kept: list[Callable[[], None]] = []

    def shut(self) -> None:
        """Keep responses from now on. Call at most once."""
        self.is_open = False

    def open(self) -> None:
        """Send the kept responses on this thread, and keep no further ones."""
        with self._changing:
            self.is_open = True
            self._opened.set()
        kept, self._kept = self._kept, []
        for send in kept:
            try:
                send()
            except Exception:  # a fault of the runtime: the others still have to be answered
                logger.exception("cannot send a held response")

    def keep(self, send: Callable[[], None]) -> None:
        """Call ``send`` when the gate is open, at once if it is. Never blocks."""
        with self._changing:
            if not self.is_open:
                self._kept.append(send)
                return
        send()

    def wait_for_opening(self) -> None:
        """Block until :meth:`open` has been called, even if the gate was never shut; at most some seconds."""
        self._opened.wait(_LONGEST_WAIT_S)
