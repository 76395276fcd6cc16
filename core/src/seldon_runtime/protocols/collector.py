"""The garbage collector, paused while a large request is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Run the body without the garbage collector.

    Reading makes very many objects and leaves no garbage. The collector would look at all of them again and
    again. For a million lists that takes ten times as long as reading, and no other thread runs meanwhile.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
