"""What a component takes and gives: columns, random rows that fit them, and what does not fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


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
