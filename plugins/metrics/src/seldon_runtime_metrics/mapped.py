"""Fast writing of values in a file of prometheus-client's multiprocess format.

``MmapedDict.write_value`` looks a name up and packs bytes; here a value is one aligned store. The names
are still made, and everything is read, by prometheus-client.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict


class ValueFile:
    """The values of one type of metric. Not thread-safe; no other object may write the same file.

    Args:
        path: its name begins with the type; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._place(())

    def places(self, keys: Sequence[str]) -> list[int]:
        """Where in :attr:`values` the named ones stand; new ones are made, with the value 0."""
        at = self._place(keys)
        return [at[key] for key in keys]

    def _place(self, keys: Sequence[str]) -> dict[str, int]:
        file = MmapedDict(self._path)  # type: ignore[no-untyped-call]
        for key in keys:
            file.read_value(key)  # type: ignore[no-untyped-call]
        file.close()  # type: ignore[no-untyped-call]
        entries = MmapedDict.read_all_values_from_file(self._path)  # type: ignore[no-untyped-call]
        at = {key: position // 8 for key, _, _, position in entries}
        with open(self._path, "r+b") as opened:
            self.values = memoryview(mmap.mmap(opened.fileno(), 0)).cast("d")
        return at
