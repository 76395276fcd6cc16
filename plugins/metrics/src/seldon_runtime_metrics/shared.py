"""Several workers, one page: prometheus-client's multiprocess mode."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from seldon_runtime_metrics.merging import Number, described, read
from seldon_runtime_metrics.series import Family, Kind, Series, series_of
from seldon_runtime_metrics.slots import forget_dead, take_slot
from seldon_runtime_metrics.store import Labels, Store
from seldon_runtime_metrics.value_file import ValueFile

_OWN = re.compile(r"[a-z_]+_slot\d+\.db")


class SharedStore(Store):
    """Holds this worker's series in files of a folder, and collects those of all workers. Thread-safe.

    Args:
        path: the folder, made if it is not there; on a local file system, best in memory.

    Raises:
        OSError: it cannot be written or locked, or is full.
        ValueError: this worker's files are damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        path.mkdir(parents=True, exist_ok=True)
        self._slot = take_slot(path)
        self._files = {kind: ValueFile(self._file_of(kind)) for kind in Kind}
        self._kept = frozenset(self._series_in_files())

    def kept(self) -> Iterable[tuple[str, Labels]]:
        """Those of the slot's earlier holders."""
        return self._kept

    def collect(self) -> Iterable[Metric]:
        """The families of all workers, without the gauges of ended ones; then what user code put there."""
        forget_dead(self._path)
        yield from self._collect_own()
        others: dict[str, list[str]] = defaultdict(list)
        for file in self._path.glob("*.db"):
            if not _OWN.fullmatch(file.name):
                others[file.name.partition("_")[0]].append(str(file))
        # type by type: prometheus-client would throw metrics of one name and two types together
        for files in others.values():
            yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]

    def _numbers_of(self, kind: Kind) -> Iterable[Number]:
        return read(kind, sorted(self._path.glob(f"{kind.value}_slot*.db")))

    def _new(self, family: Family, labels: Mapping[str, str]) -> Series:
        names = [
            mmap_key(family.name, name, list(all_labels), list(all_labels.values()), family.documentation)
            for name, all_labels in family.samples(labels)
        ]
        return series_of(family, *self._files[family.kind].place(names))

    def _file_of(self, kind: Kind) -> Path:
        return self._path / f"{kind.value}_{self._slot}.db"

    def _series_in_files(self) -> Iterator[tuple[str, Labels]]:
        for file in self._files.values():
            for name in file.names:
                family, _, labels, _ = described(name)
                labels.pop("le", None)
                yield family, frozenset(labels.items())
