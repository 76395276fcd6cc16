"""The file ``contract.json``: the columns of a component's input and output, and their allowed values.

Seldon's own tester reads the same format: ``features`` and ``targets`` are lists of objects
with ``name``, ``dtype`` (FLOAT, INT or STRING), ``ftype`` (continuous or categorical), ``range``,
``values``, ``repeat`` and ``shape``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from seldon_runtime.plugin import Invalid, validated
from seldon_runtime_tools.contract import Column, Contract

_MOST_VALUES = 1_000_000
"""Limit of values in one row."""
Size = Annotated[int, Meta(ge=1, le=_MOST_VALUES)]


class ContractError(Exception):
    """An invalid contract. The message names the place and the expected form."""


class _Entry(Struct, forbid_unknown_fields=True):
    """One member of ``features`` or ``targets``, as it is written."""

    name: str
    dtype: Literal["FLOAT", "INT", "STRING"] = "FLOAT"
    ftype: Literal["continuous", "categorical"] = "continuous"
    range: Any = ("-inf", "inf")
    values: list[Any] = []
    repeat: Size | None = None
    shape: list[Size] = []


class _File(Struct):
    """The whole contract, as it is written; further members are ignored."""

    features: list[_Entry] = []
    targets: list[_Entry] = []


def read(file: Path) -> Contract:
    """Return the contract in a file.

    Raises:
        ContractError: the file cannot be read, or the contract is invalid.
    """
    try:
        given = validated(json.loads(file.read_text("utf-8")), _File, str(file), words={dict: "an object"})
    except OSError as error:
        raise ContractError(
            f"cannot read {file}: {error.strerror}. Name the folder of a component, which "
            "seldon-component new writes with a contract, or the file with --contract"
        ) from error
    except Invalid as error:
        raise ContractError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{file} is not valid JSON: {error}") from error
    features, targets = (
        tuple(
            column
            for number, entry in enumerate(entries)
            for column in _repeated(entry, f"{file}: {part}[{number}]", is_target=part == "targets")
        )
        for part, entries in (("features", given.features), ("targets", given.targets))
    )
    if not features:
        raise ContractError(f"{file}: features is empty or missing")
    if len(features) > 1 and any(column.shape for column in features):
        raise ContractError(f"{file}: a feature with a shape must be the only one")
    return Contract(features, targets)


def _repeated(entry: _Entry, where: str, *, is_target: bool) -> Iterator[Column]:
    column = _column(entry, where, is_target=is_target)
    if entry.repeat is None:
        yield column
        return
    for number in range(entry.repeat):
        yield replace(column, name=f"{column.name}:{number}")


def _column(entry: _Entry, where: str, *, is_target: bool) -> Column:
    is_categorical = entry.ftype == "categorical"
    values = entry.values if is_categorical or not is_target else []  # Seldon's own tester ignores these
    if is_categorical != bool(values):
        raise ContractError(
            f"{where}: values must list the allowed values of a categorical column, and only there"
        )
    if entry.dtype == "STRING" and not values:
        raise ContractError(f"{where}: a STRING must be categorical")
    if math.prod(entry.shape) > _MOST_VALUES:
        raise ContractError(f"{where}: shape is {entry.shape!r:.80}, expected at most {_MOST_VALUES} values")
    lowest, highest = _range(entry.range, where)
    if entry.dtype == "INT" and not _holds_a_whole_number(lowest, highest):
        raise ContractError(f"{where}: range is {entry.range!r}, expected a range with an integer of 64 bits")
    return Column(entry.name, entry.dtype, lowest, highest, tuple(values), tuple(entry.shape))


def _range(given: Any, where: str) -> tuple[float, float]:
    try:
        lowest, highest = (float(bound) for bound in given)
    except (TypeError, ValueError, OverflowError):
        lowest = highest = math.nan
    if lowest == math.inf:  # what contracts for Seldon's own tester say of either end that is open
        lowest = -math.inf
    if not lowest <= highest:
        raise ContractError(
            f'{where}: range is {given!r:.80}, expected [lowest, highest]; "-inf" and "inf" are open'
        )
    return lowest, highest


def _holds_a_whole_number(lowest: float, highest: float) -> bool:
    """Return whether a whole number of 64 bits can be drawn between the bounds; an infinite one is open."""
    bounds = [bound for bound in (lowest, highest) if math.isfinite(bound)]
    return all(abs(bound) < 2**63 for bound in bounds) and (
        len(bounds) < 2 or math.ceil(lowest) <= math.floor(highest)
    )
