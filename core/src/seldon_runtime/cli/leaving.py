"""The end of the program, which threads and children of plugins and user code must not hold up."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""Seconds for threads, children and exit functions of plugins and user code, after everything has stopped."""


def leave_soon(status: int, patience_s: float) -> None:
    """End the process with ``status`` in ``patience_s``, if the interpreter has not ended it by then."""
    threading.Thread(target=_insist, args=(status, patience_s), name="leaving", daemon=True).start()


def leave_at_once(status: int) -> NoReturn:
    """End the process without exit functions, which may block or print into the output of a command."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _insist(status: int, patience_s: float) -> None:
    time.sleep(patience_s)
    logger.error("%s of a plugin or of user code did not end; the process ends without it", _blocking())
    logging.shutdown()
    os._exit(status)


def _blocking() -> str:
    """Return what the interpreter may be waiting for."""
    threads = [
        thread.name
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]
    if threads:
        return f"the threads {', '.join(threads)}"
    children = _children()  # multiprocessing waits for its own at the end
    return f"the children {', '.join(children)}" if children else "an exit function"


def _children() -> list[str]:
    """Return the ids of this process's children; empty where the system does not show them."""
    found: list[str] = []
    for path in Path("/proc/self/task").glob("*/children"):
        try:
            found += path.read_text().split()
        except OSError:  # the thread has ended
            continue
    return found
