"""Standard output of user code: each line is written at once, and survives every end of the process."""

from __future__ import annotations

import io
import sys
import threading
from contextlib import suppress

_PATIENCE_S = 1.0
"""Longest wait for a reader of standard output when the process ends."""


def write_lines_at_once() -> None:
    """Write each printed line at once. Python would keep up to 8 KiB where standard output is not a terminal.

    Call it before user code is imported. A standard output that another program replaced stays as it is.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def flush() -> None:
    """Write the unfinished line, before ``os._exit``. Waits a second at most; any thread."""
    writer = threading.Thread(target=_flush, name="last-prints", daemon=True)
    writer.start()
    writer.join(_PATIENCE_S)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the stream or its reader has closed, or user code replaced it
            stream.flush()
