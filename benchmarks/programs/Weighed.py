"""The soak's component; it also reports the memory of its process."""

import ctypes
import gc
import json
import os
import sys
import threading

from Soaked import Soaked


class _Mallinfo(ctypes.Structure):
    """``mallinfo2(3)``."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


class Weighed(Soaked):
    def predict(self, X, features_names):
        return json.dumps(weight()) if isinstance(X, str) and X == "weigh" else X


def weight():
    """Return the threads, Python's small objects, and the used and unused bytes of the C allocator."""
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo
    found = libc.mallinfo2()
    return {
        "process": os.getpid(),
        "threads": threading.active_count(),
        "blocks": sys.getallocatedblocks(),
        "used": found.uordblks + found.hblkhd,
        "unused": found.fordblks,
    }
