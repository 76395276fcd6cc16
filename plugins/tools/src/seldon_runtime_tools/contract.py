"""Contracts: the columns of a component's input and output, random rows that fit, and checks of answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a row; an array in each row if ``shape`` is set.

    Attributes:
        lowest, highest: inclusive bounds of a number; infinite if open.
        values: the allowed values; empty for any.
        shape: the shape of one row's value; empty for a scalar.
    """

    name: str
    dtype: str = "FLOAT"
    lowest: float = -math.inf
    highest: float = math.inf
    values: tuple[Any, ...] = ()
    shape: tuple[int, ...] = ()

    def sample(self, random: np.random.Generator) -> Any:
        """Return a random allowed value: a number, a text, or nested lists of ``shape``."""
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
        """Return finite bounds: an open end is replaced by one near the other end, or near 0."""
        lowest = self.lowest if math.isfinite(self.lowest) else min(self.highest, spread) - 2 * spread
        highest = self.highest if math.isfinite(self.highest) else max(self.lowest, -spread) + 2 * spread
        return lowest, highest

    def fault(self, value: Any) -> str | None:
        """Return a description of an invalid value; None for a valid one."""
        if self.shape:
            try:
                array = np.array(value, dtype=object)
            except ValueError:
                return f"{self.name} must be an array of shape {self.shape}"
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
    """The columns of a component's input (features) and output (targets)."""

    features: tuple[Column, ...]
    targets: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Return the names of the features."""
        return [column.name for column in self.features]

    def rows(self, count: int, random: np.random.Generator) -> list[Any]:
        """Return ``count`` random rows of the features; a single feature with a shape is the whole row."""
        if len(self.features) == 1 and self.features[0].shape:
            return [self.features[0].sample(random) for _ in range(count)]
        return [[column.sample(random) for column in self.features] for _ in range(count)]

    def faults(self, rows: Sequence[Any], count: int) -> list[str]:
        """Return descriptions of all misfits between the targets and an answer to ``count`` rows."""
        if len(rows) != count:
            return [f"the answer to {count} rows has {len(rows)} rows"]
        return [
            f"row {number}: {fault}" for number, row in enumerate(rows) for fault in self._row_faults(row)
        ]

    def _row_faults(self, row: Any) -> Iterator[str]:
        if len(self.targets) == 1 and (self.targets[0].shape or not isinstance(row, list)):
            row = [row]
        if not isinstance(row, list) or len(row) != len(self.targets):
            yield f"{row!r:.80} must have {len(self.targets)} columns"
            return
        for column, value in zip(self.targets, row, strict=True):
            if fault := column.fault(value):
                yield fault
