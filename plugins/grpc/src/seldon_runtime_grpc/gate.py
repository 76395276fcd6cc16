"""Where answers wait while the server closes its connections."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 5.0


class Gate:
    """Open at first. Shut, it keeps what goes to clients until they have been told to leave.

    A client that is answered before calls again over the same connection, and grpc answers CANCELLED, which
    clients do not try again, to what arrives while it closes that.
    """

    def __init__(self) -> None:
        self.is_open = True
        self._changing = threading.Lock()
        self._opened = threading.Event()
        self._kept: list[Callable[[], None]] = []

    def shut(self) -> None:
        """Call once at most."""
        self.is_open = False

    def open(self) -> None:
        """For good. What was kept is run in here."""
        with self._changing:
            self.is_open = True
            self._opened.set()
        kept, self._kept = self._kept, []
        for send in kept:
            try:
                send()
            except Exception:  # a fault of the runtime: the others still have to be answered
                logger.exception("an answer that was kept could not be sent")

    def keep(self, send: Callable[[], None]) -> None:
        """Run it when the gate is open. Never blocks."""
        with self._changing:
            if not self.is_open:
                self._kept.append(send)
                return
        send()

    def go_through(self) -> None:
        """Block while the gate is shut, for some seconds at most."""
        if not self.is_open:
            self._opened.wait(_LONGEST_WAIT_S)

    def wait_for_opening(self) -> None:
        """Block until :meth:`open` has been called, whether it was shut or not, for some seconds at most."""
        self._opened.wait(_LONGEST_WAIT_S)
