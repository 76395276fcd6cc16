"""``contract.json``: which columns a component takes and gives, and what their values may be.

The format is the one that Seldon's own tester reads: ``features`` and ``targets`` are lists of objects
with ``name``, ``dtype`` (FLOAT, INT or STRING), ``ftype`` (continuous or categorical), ``range``,
``values``, ``repeat`` and ``shape``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_MEMBERS = frozenset({"name", "dtype", "ftype", "range", "values", "repeat", "shape"})
_DTYPES = ("FLOAT", "INT", "STRING")


class ContractError(Exception):
    """The contract is none: the message says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row; of several dimensions when ``shape`` is given.

    Attributes:
        lowest, highest: bounds of a number, both allowed; infinite when there are none.
        values: the only allowed values, when it is not empty.
        shape: of one row's value; empty for a scalar.
    """

    name: str
    dtype: str = "FLOAT"
    lowest: float = -math.inf
    highest: float = math.inf
    values: tuple[Any, ...] = ()
    shape: tuple[int, ...] = ()

    def sample(self, random: np.random.Generator) -> Any:
        """A value that it allows: a number, a text, or nested lists of ``shape``."""
        size = self.shape or None
        if self.values:
            drawn: Any = random.choice(np.array(self.values, dtype=object), size)
        elif self.dtype == "INT":
            lowest, highest = self._drawn_bounds(1000)
            drawn = random.integers(math.ceil(lowest), math.floor(highest), size, endpoint=True)
        else:
            drawn = random.uniform(*self._drawn_bounds(10), size)
        return drawn.tolist() if isinstance(drawn, np.ndarray | np.generic) else drawn

    def _drawn_bounds(self, spread: float) -> tuple[float, float]:
        """Where an open end is, values are drawn near the other one, or near 0."""
        lowest = self.lowest if math.isfinite(self.lowest) else min(self.highest, spread) - 2 * spread
        highest = self.highest if math.isfinite(self.highest) else max(self.lowest, -spread) + 2 * spread
        return lowest, highest

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value of this column; None when nothing is."""
        if self.shape:
            try:
                array = np.array(value, dtype=object)
            except ValueError:
                return f"{self.name} is no array"
            if array.shape != self.shape:
                return f"{self.name} has shape {array.shape}, expected {self.shape}"
            return next((found for item in array.flat if (found := self._scalar_fault(item))), None)
        return self._scalar_fault(value)

    def _scalar_fault(self, value: Any) -> str | None:
        if self.values:
            return (
                None
                if value in self.values
                else f"{self.name} is {value!r}, expected one of {list(self.values)}"
            )
        if self.dtype == "STRING":
            return None if isinstance(value, str) else f"{self.name} is {value!r}, expected a text"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{self.name} is {value!r}, expected a number"
        if self.dtype == "INT" and value != int(value):
            return f"{self.name} is {value!r}, expected a whole number"
        if not self.lowest <= value <= self.highest:
            return f"{self.name} is {value!r}, expected {self.lowest:g} to {self.highest:g}"
        return None


@dataclass(frozen=True, slots=True)
class Contract:
    """What goes in and what comes out."""

    features: tuple[Column, ...]
    targets: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Of the features."""
        return [column.name for column in self.features]

    def rows(self, count: int, random: np.random.Generator) -> list[Any]:
        """``count`` random rows of the features; a single feature with a shape is the row itself."""
        if len(self.features) == 1 and self.features[0].shape:
            return [self.features[0].sample(random) for _ in range(count)]
        return [[column.sample(random) for column in self.features] for _ in range(count)]

    def faults(self, rows: Sequence[Any], count: int) -> list[str]:
        """What does not fit the targets in an answer to ``count`` rows."""
        if len(rows) != count:
            return [f"{len(rows)} rows were answered to {count}"]
        return [
            f"row {number}: {fault}" for number, row in enumerate(rows) for fault in self._row_faults(row)
        ]

    def _row_faults(self, row: Any) -> Iterator[str]:
        if len(self.targets) == 1 and (self.targets[0].shape or not isinstance(row, list)):
            row = [row]
        if not isinstance(row, list) or len(row) != len(self.targets):
            yield f"{row!r:.80} does not have {len(self.targets)} columns"
            return
        for column, value in zip(self.targets, row, strict=True):
            if fault := column.fault(value):
                yield fault


def read(file: Path) -> Contract:
    """Raises ContractError when the file cannot be read, or is no contract."""
    try:
        given = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ContractError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ContractError(f"{file} is no JSON: {error}") from error
    if not isinstance(given, dict):
        raise ContractError(f"{file}: expected an object with features and targets")
    features, targets = (tuple(_columns(given, part, file)) for part in ("features", "targets"))
    if not features:
        raise ContractError(f"{file}: features is empty or missing")
    if len(features) > 1 and any(column.shape for column in features):
        raise ContractError(f"{file}: a feature with a shape must be the only one")
    return Contract(features, targets)


def _columns(given: Mapping[str, Any], part: str, file: Path) -> Iterator[Column]:
    entries = given.get(part, [])
    if not isinstance(entries, list):
        raise ContractError(f"{file}: {part} is no list")
    for number, entry in enumerate(entries):
        where = f"{file}: {part}[{number}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise ContractError(f"{where} is no object with a name")
        if unknown := entry.keys() - _MEMBERS:
            raise ContractError(f"{where} has {min(unknown)!r}; known are {', '.join(sorted(_MEMBERS))}")
        yield from _repeated(_column(entry, where), entry.get("repeat"), where)


def _repeated(column: Column, repeat: Any, where: str) -> Iterator[Column]:
    if repeat is None:
        yield column
        return
    if type(repeat) is not int or repeat < 1:
        raise ContractError(f"{where}: repeat is {repeat!r}, expected how many columns there are")
    for number in range(repeat):
        yield Column(f"{column.name}:{number}", *(getattr(column, name) for name in Column.__slots__[1:]))


def _column(entry: Mapping[str, Any], where: str) -> Column:
    dtype, ftype = entry.get("dtype", "FLOAT"), entry.get("ftype", "continuous")
    if dtype not in _DTYPES:
        raise ContractError(f"{where}: dtype is {dtype!r}, expected {', '.join(_DTYPES)}")
    if ftype not in ("continuous", "categorical"):
        raise ContractError(f"{where}: ftype is {ftype!r}, expected continuous or categorical")
    values = entry.get("values", [])
    if not isinstance(values, list) or (ftype == "categorical") != bool(values):
        raise ContractError(f"{where}: values must list what a categorical column may be, and only there")
    if dtype == "STRING" and not values:
        raise ContractError(f"{where}: a STRING must be categorical")
    shape = entry.get("shape", [])
    if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
        raise ContractError(f"{where}: shape is {shape!r}, expected a list of positive sizes")
    lowest, highest = _range(entry.get("range", ["-inf", "inf"]), where)
    return Column(entry["name"], dtype, lowest, highest, tuple(values), tuple(shape))


def _range(given: Any, where: str) -> tuple[float, float]:
    try:
        lowest, highest = (float(bound) for bound in given)
    except (TypeError, ValueError):
        lowest = highest = math.nan
    if not lowest <= highest:
        raise ContractError(
            f'{where}: range is {given!r}, expected [lowest, highest]; "-inf" and "inf" are open'
        )
    return lowest, highest
