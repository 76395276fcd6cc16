"""The first process of a container, which waits for orphans beside the process that serves.

The system gives the orphans of all processes to process 1. Nobody else can wait for them: without that they
stay as zombies, until no further process can start. The serving process must not wait for unknown children,
because user code may wait for its own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

_SET_DEATH_SIGNAL = 1  # linux/prctl.h
_IS_SUBREAPER = 37
_FORWARDED = [
    getattr(signal, name)
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]


def adopts_orphans() -> bool:
    """Return whether the system gives orphans to this process: if it is process 1, or a subreaper."""
    if sys.platform != "linux":
        return False
    if os.getpid() == 1:
        return True
    chosen = ctypes.c_int(0)
    libc = ctypes.CDLL(None)
    return libc.prctl(_IS_SUBREAPER, ctypes.byref(chosen), 0, 0, 0) == 0 and chosen.value != 0


def serve_in_child() -> None:
    """Go on in a child process, for which this process forwards signals and waits for orphans.

    Returns in the child only. This process exits as the child does. Call it before any thread starts.
    """
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    child = os.fork()
    if child:
        _attend(child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent and parent != 1:  # it has ended already
        os._exit(1)
    with suppress(OSError):  # a terminal sends its signals to this process alone, not to both
        os.setpgid(0, 0)
        if os.isatty(0):
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpgrp())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def _attend(child: int) -> None:
    """Pass signals to the child and wait for all children, until the child has ended; then exit."""

    def forward(number: int, frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
