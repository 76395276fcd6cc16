"""A worker's file of numbers, in the format of prometheus-client's multiprocess mode.

A number is one aligned store into a mapping that outlives the process: a killed worker loses no count.
prometheus-client's own writer leaves holes in its files; the system kills a process (SIGBUS) that writes
to a hole of a mapped file when the disk is full. It also looks up a name and packs bytes for every
update: 0.8 µs, against 0.03 µs for a store.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

Entry: TypeAlias = tuple[str, float, float, int]
"""Name, value, time of its last change, and the offset of the value in bytes."""

_HEAD_BYTES = 8
_INTEGER = struct.Struct("i")
_NUMBER = struct.Struct("dd")
_STEP_BYTES = 16 * 1024
"""File sizes are multiples of it; a full file doubles."""


class ValueFile:
    """Names and their numbers. Not thread-safe; no other object may write the same file.

    The format, as ``prometheus_client.mmap_dict.MmapedDict`` describes it: the number of used bytes
    (int32, then 4 of padding). Then for each name its length (int32), the name padded with spaces so that
    the value is aligned, the value, and the time of its last change (float64 each).

    Args:
        path: the file, created if missing.

    Raises:
        OSError: no room for it.
        ValueError: the existing file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size if path.exists() else 0
        self._grow(max(1, -(-self._size // _STEP_BYTES)) * _STEP_BYTES)
        self._map()
        self._used = max(self._integers[0], _HEAD_BYTES)
        self._places = {name: position // 8 for name, _, _, position in entries(path)}

    @property
    def names(self) -> Iterable[str]:
        """Return the names of the numbers in the file."""
        return self._places.keys()

    def place(self, names: Sequence[str]) -> tuple[memoryview[float], tuple[int, ...]]:
        """Return the array and the indices of these names' numbers, which never change; new numbers are 0.

        Raises:
            OSError: no room for new names; the file is unchanged.
        """
        new, places = bytearray(), {}
        for name in names:
            if name not in self._places:
                new += _entry(name)
                places[name] = (self._used + len(new)) // 8 - 2
        if new:
            end = self._used + len(new)
            self._reserve(end)
            self._bytes[self._used : end] = new
            self._integers[0] = self._used = end  # last: readers see the new entries from here on
            self._places |= places
        return self._numbers, tuple(self._places[name] for name in names)

    def _reserve(self, end: int) -> None:
        size = self._size
        while size < end:
            size *= 2
        if size > self._size:
            self._grow(size)
            self._map()

    def _grow(self, size: int) -> None:
        """Append zeros. Truncating to a larger size would reserve no room on the disk."""
        with self._path.open("ab", buffering=0) as file:
            left = size - self._size
            try:
                while left:
                    left -= file.write(bytes(left))
            except OSError:
                file.truncate(self._size)
                raise
        self._size = size

    def _map(self) -> None:
        """Map the whole file. Existing series keep their older mapping of the same file."""
        with self._path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), self._size)
        whole = memoryview(self._bytes)
        self._integers = whole.cast("i")
        self._numbers = whole.cast("d")


def entries(path: Path) -> list[Entry]:
    """Return the entries of a file.

    prometheus-client's own reader trusts the file: a negative length makes it read forever.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file is damaged.
    """
    try:
        return list(_entries(path.read_bytes()))
    except (ValueError, struct.error) as error:
        raise ValueError(f"metrics file {path} is damaged ({error}): remove it") from error


def _entries(data: bytes) -> Iterator[Entry]:
    (used,) = _INTEGER.unpack_from(data)
    if used > len(data):
        raise ValueError(f"its head counts {used} used bytes, the file has {len(data)}")
    start = _HEAD_BYTES
    while start < used:
        (length,) = _INTEGER.unpack_from(data, start)
        name = start + _INTEGER.size
        position = name + length + _padding(length)
        if length < 0 or position + _NUMBER.size > used:
            raise ValueError(f"the name at byte {start} has a length of {length} bytes")
        value, time = _NUMBER.unpack_from(data, position)
        yield data[name : name + length].decode(), value, time, position
        start = position + _NUMBER.size


def _padding(length: int) -> int:
    return 8 - (length + _INTEGER.size) % 8


def _entry(name: str) -> bytes:
    encoded = name.encode()
    padded = encoded + b" " * _padding(len(encoded))
    return struct.pack(f"i{len(padded)}sdd", len(encoded), padded, 0.0, 0.0)
