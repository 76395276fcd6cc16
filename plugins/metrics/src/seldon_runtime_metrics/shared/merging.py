"""The numbers of several workers' files, merged.

``prometheus_client.multiprocess.MultiProcessCollector`` merges the same files, but takes several times as
long and drops the tag ``pid`` of gauges. Merging competes with the component for the processor.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seldon_runtime_metrics.series.families import LabelItems, Number
from seldon_runtime_metrics.series.series import Kind
from seldon_runtime_metrics.shared.value_file import Entry, entries


def merged(kind: Kind, files: Iterable[Path]) -> Iterable[Number]:
    """Return the numbers of one kind, merged over several workers' files.

    Raises:
        ValueError: a file is damaged.
    """
    by_text: dict[str, Number] = {}
    by_name: dict[tuple[str, LabelItems], Number] = {}
    for file in files:
        for text, value, time, _ in _entries(file):
            if text not in by_text:
                family, sample, labels, documentation = parse_name(text)
                new = Number(family, documentation, sample, labels, value, time)
                by_text[text] = by_name.setdefault((sample, tuple(labels.items())), new)
                if by_text[text] is new:  # else known already, with another documentation
                    continue
            _combine(kind, by_text[text], value, time)
    return by_name.values()


def parse_name(name: str) -> tuple[str, str, dict[str, str], str]:
    """Return family, sample, labels and documentation from the name of a number in a file.

    Raises:
        ValueError: the name is malformed.
    """
    try:
        parts: list[Any] = json.loads(name)
    except (ValueError, RecursionError):
        parts = []
    match parts:
        case [str(family), str(sample), dict(labels), str(documentation)] if all(
            isinstance(value, str) for value in labels.values()
        ):
            return family, sample, labels, documentation
    raise ValueError(
        f"malformed name in a metrics file: {name!r:.80}; "
        "expected JSON [family, sample, labels, documentation]"
    )


def _entries(file: Path) -> Iterable[Entry]:
    """Return the entries of a file; none while another worker creates or removes it."""
    try:
        if file.stat().st_size:
            return entries(file)
    except FileNotFoundError:
        pass
    return ()


def _combine(kind: Kind, number: Number, value: float, time: float) -> None:
    match kind:
        case Kind.MAX | Kind.LIVE_MAX:
            number.value = max(number.value, value)
        case Kind.LIVE_MIN:
            number.value = min(number.value, value)
        case Kind.LAST:
            if time > number.time:
                number.value, number.time = value, time
        case _:
            number.value += value
