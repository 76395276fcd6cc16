"""The user's object to a pickle and back. Both run user code, on the component's thread."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from seldon_runtime.snapshot import Snapshot

PROTOCOL = 5
ASIDE_BYTES = 64 * 1024
"""Buffers of this size, and larger ones, stand beside the pickle."""
MOST_ASIDE = 4000
"""More of them stay in the pickle."""
_BLOCK_BYTES = 32 * 1024 * 1024
_DEEPEST = 6


class PicklingFailed(Exception):
    """The object cannot be pickled; the message names the attribute that cannot. The cause is chained."""


class UnpicklingFailed(Exception):
    """A pickle cannot be read back, or is not an instance of the class it should be."""


def class_path(cls: type) -> str:
    """``module:qualified.name``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def class_version(cls: type) -> str | None:
    """The class's own ``state_version``, as text; None when it has none."""
    version = getattr(cls, "state_version", None)
    return None if version is None or callable(version) else str(version)


def dumps(user: object) -> Snapshot:
    """A pickle of the user's object, its large arrays beside it; ``__getstate__`` is honoured. Blocks.

    Raises:
        PicklingFailed: naming the innermost part that cannot be pickled.
    """
    aside = _Aside()
    try:
        return Snapshot(pickle.dumps(user, PROTOCOL, buffer_callback=aside.stays_inside), tuple(aside.copies))
    except Exception as error:
        path, part = _culprit(user, "self", _DEEPEST)
        raise PicklingFailed(
            f"{path} ({type(part).__name__}) cannot be pickled: {type(error).__name__}: {error}. "
            "Leave it out in __getstate__ and make it anew in load()"
        ) from error


class _Aside:
    """Copies large buffers into large blocks, which the system makes of large pages: most of the time that
    copying takes goes into making pages."""

    def __init__(self) -> None:
        self.copies: list[memoryview] = []
        self._block = np.empty(0, np.uint8)

    def stays_inside(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether ``buffer`` belongs into the pickle; a copy stands aside else."""
        raw = buffer.raw()
        size = raw.nbytes
        if size < ASIDE_BYTES or len(self.copies) == MOST_ASIDE:
            return True
        if size > len(self._block):
            self._block = np.empty(max(size, _BLOCK_BYTES), np.uint8)
        copy, self._block = self._block[:size], self._block[size:]
        copy[:] = np.frombuffer(raw, np.uint8)
        self.copies.append(copy.data)
        return False


def loads(snapshot: Snapshot, cls: type) -> object:
    """The object of a snapshot, which must be of exactly this class. **Runs whatever the pickle says.**

    Raises:
        UnpicklingFailed: naming the cause, which is chained.
    """
    try:
        user = pickle.loads(snapshot.pickle, buffers=map(bytearray, snapshot.buffers))
    except (Exception, SystemExit) as error:  # whatever user code, or a pickle, comes to
        raise UnpicklingFailed(f"cannot be unpickled: {type(error).__name__}: {error}") from error
    if type(user) is not cls:
        raise UnpicklingFailed(f"is a pickle of {class_path(type(user))}, not of {class_path(cls)}")
    return user


def _culprit(whole: object, path: str, depth: int) -> tuple[str, object]:
    """The innermost part that cannot be pickled for itself, and how it is reached."""
    if depth:
        for name, part in _parts(whole):
            try:
                pickle.dumps(part, PROTOCOL)
            except Exception:  # noqa: BLE001 - the search for what raises
                return _culprit(part, path + name, depth - 1)
    return path, whole


def _parts(whole: object) -> Iterator[tuple[str, Any]]:
    if isinstance(whole, Mapping):
        yield from ((f"[{key!r:.40}]", value) for key, value in list(whole.items()))
    elif isinstance(whole, list | tuple):
        yield from ((f"[{index}]", value) for index, value in enumerate(whole))
    else:
        try:
            state = whole.__getstate__()
        except Exception:  # noqa: BLE001 - it is the object itself then
            return
        for attributes in state if isinstance(state, tuple) else (state,):  # a tuple: __slots__ too
            if isinstance(attributes, Mapping):
                yield from ((f".{name}", value) for name, value in attributes.items())
