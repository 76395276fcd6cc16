"""Closing a listening socket without resetting whoever has just come through it."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # one classic BPF instruction: return 0 bytes of the packet


def drained(listener: socket.socket) -> list[socket.socket]:
    """The connections that the system has made already, which closing would reset; then it is closed.

    Clients that come meanwhile are not answered at all, and are refused when they ask again: Linux
    lets a filter drop what arrives, so no connection is made between the last accept and the close.
    Elsewhere that gap is as short as it can be. Never blocks.
    """
    _bar(listener)
    listener.setblocking(False)
    late = []
    with listener:
        while True:
            try:
                late.append(listener.accept()[0])
            except OSError:  # none is left
                return late


def _bar(listener: socket.socket) -> None:
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
    filters = struct.pack("HP", 1, ctypes.addressof(program))
    with suppress(OSError):  # where filters are forbidden, only the gap is longer
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
