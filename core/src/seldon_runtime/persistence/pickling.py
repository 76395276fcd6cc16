"""Pickling and unpickling of the user's object, which run user code on the component's thread."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from seldon_runtime.persistence.snapshot import Snapshot

PROTOCOL = 5
ASIDE_BYTES = 64 * 1024
"""The smallest buffer that is stored beside the pickle."""
MOST_ASIDE = 4000
"""The most buffers beside the pickle; further ones stay inside."""
_BLOCK_BYTES = 32 * 1024 * 1024
_DEEPEST = 6


class PicklingFailed(Exception):
    """An object that cannot be pickled. The message names the attribute at fault; the cause is chained."""


class UnpicklingFailed(Exception):
    """A pickle that cannot be read, or is not an instance of the expected class."""


def class_path(cls: type) -> str:
    """Return the class's path, ``module:qualified.name``."""
    return f"{cls.__module__}:{cls.__qualname__}"


def class_version(cls: type) -> str | None:
    """Return the class's own ``state_version`` as text; None when it is not set."""
    version = getattr(cls, "state_version", None)
    return None if version is None or callable(version) else str(version)


def dumps(user: object) -> Snapshot:
    """Return a pickle of the user's object with its large arrays beside it. Blocks.

    ``__getstate__`` applies.

    Raises:
        PicklingFailed: the object cannot be pickled; the message names the innermost part at fault.
    """
    aside = _Aside()
    try:
        return Snapshot(pickle.dumps(user, PROTOCOL, buffer_callback=aside.stays_inside), tuple(aside.copies))
    except Exception as error:
        path, part = _culprit(user, "self", _DEEPEST)
        raise PicklingFailed(
            f"{path} ({type(part).__name__}) cannot be pickled: {type(error).__name__}: {error}. "
            "Leave it out in __getstate__ and create it again in load()"
        ) from error


class _Aside:
    """Copies of large buffers in large blocks.

    The system backs large blocks by large pages, and copying spends most of its time on creating pages.
    """

    def __init__(self) -> None:
        self.copies: list[memoryview] = []
        self._block = np.empty(0, np.uint8)

    def stays_inside(self, buffer: pickle.PickleBuffer) -> bool:
        """Return whether ``buffer`` belongs in the pickle; copy it beside the pickle otherwise."""
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
    """Return the object of a snapshot, which must have exactly this class. Runs the pickle's code!

    Raises:
        UnpicklingFailed: the pickle failed, or has another class; the cause is chained.
    """
    try:
        user = pickle.loads(snapshot.pickle, buffers=map(bytearray, snapshot.buffers))
    except (Exception, SystemExit) as error:  # user code and pickles raise anything
        raise UnpicklingFailed(f"cannot be unpickled: {type(error).__name__}: {error}") from error
    if type(user) is not cls:
        raise UnpicklingFailed(f"is a pickle of {class_path(type(user))}, expected {class_path(cls)}")
    return user


def _culprit(whole: object, path: str, depth: int) -> tuple[str, object]:
    """Return the path of the innermost part that cannot be pickled by itself, and the part."""
    if depth:
        for name, part in _parts(whole):
            try:
                pickle.dumps(part, PROTOCOL)
            except Exception:  # noqa: BLE001 - searching for the part that raises
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
        except Exception:  # noqa: BLE001 - the object itself is at fault
            return
        for attributes in state if isinstance(state, tuple) else (state,):  # a tuple: __slots__ too
            if isinstance(attributes, Mapping):
                yield from ((f".{name}", value) for name, value in attributes.items())
