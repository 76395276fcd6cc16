"""The series of several workers in files of one folder: prometheus-client's multiprocess mode."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from seldon_runtime_metrics.series.families import Number
from seldon_runtime_metrics.series.series import Family, Kind, Series, series_of
from seldon_runtime_metrics.series.store import Labels, Store
from seldon_runtime_metrics.shared.merging import merged, parse_name
from seldon_runtime_metrics.shared.slots import remove_dead_gauges, take_slot
from seldon_runtime_metrics.shared.value_file import ValueFile

_OWN = re.compile(r"[a-z_]+_slot\d+\.db")


class SharedStore(Store):
    """This worker's series in files of a folder; collects the series of all workers. Thread-safe.

    Args:
        path: the folder, created if missing; must be on a local file system, best in memory.

    Raises:
        OSError: the folder cannot be written or locked, or is full.
        ValueError: this worker's files are damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        path.mkdir(parents=True, exist_ok=True)
        self._slot = take_slot(path)
        self._files = {kind: ValueFile(self._file_of(kind)) for kind in Kind}
        self._inherited = frozenset(self._series_in_files())

    def inherited(self) -> Iterable[tuple[str, Kind, Labels]]:
        """Return the series of the slot's earlier holders."""
        return self._inherited

    def collect(self) -> Iterable[Metric]:
        """Yield the families of all workers, without live gauges of ended ones; then those of user code."""
        remove_dead_gauges(self._path)
        yield from self._collect_own()
        others: dict[str, list[str]] = defaultdict(list)
        for file in self._path.glob("*.db"):
            if not _OWN.fullmatch(file.name):
                others[file.name.partition("_")[0]].append(str(file))
        # one type at a time: prometheus-client mixes up metrics of one name and two types
        for files in others.values():
            yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]

    def _numbers_of(self, kind: Kind) -> Iterable[Number]:
        return merged(kind, sorted(self._path.glob(f"{kind.value}_slot*.db")))

    def _new(self, family: Family, labels: Mapping[str, str]) -> Series:
        names = [
            mmap_key(family.name, name, list(all_labels), list(all_labels.values()), family.documentation)
            for name, all_labels in family.samples(labels)
        ]
        return series_of(family, *self._files[family.kind].place(names))

    def _file_of(self, kind: Kind) -> Path:
        return self._path / f"{kind.value}_{self._slot}.db"

    def _series_in_files(self) -> Iterator[tuple[str, Kind, Labels]]:
        for kind, file in self._files.items():
            for name in file.names:
                family, _, labels, _ = parse_name(name)
                labels.pop("le", None)
                yield family, kind, frozenset(labels.items())
