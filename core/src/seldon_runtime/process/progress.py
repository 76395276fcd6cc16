"""Log lines of a step that may take minutes, with the elapsed seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

_FIRST_S = 5.0
_LONGEST_S = 60.0


@contextmanager
def reported(step: str, first_s: float = _FIRST_S) -> Iterator[None]:
    """Log ``step`` at once, and again with the elapsed seconds until the block ends.

    The pauses between the lines double, up to a minute, so that a slow start has few lines.

    Args:
        step: such as ``loading MyModel``.
        first_s: seconds until the second line.
    """
    done = threading.Event()
    began = time.monotonic()

    def report() -> None:
        pause_s = first_s
        while not done.wait(pause_s):
            elapsed_s = time.monotonic() - began
            logger.info("%s … %.0f s", step, elapsed_s)
            pause_s = min(elapsed_s, _LONGEST_S)

    logger.info("%s …", step)
    thread = threading.Thread(target=report, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
