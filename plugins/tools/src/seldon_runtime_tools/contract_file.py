"""``contract.json``: which columns a component takes and gives, and what their values may be.

The format is the one that Seldon's own tester reads: ``features`` and ``targets`` are lists of objects
with ``name``, ``dtype`` (FLOAT, INT or STRING), ``ftype`` (continuous or categorical), ``range``,
``values``, ``repeat`` and ``shape``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seldon_runtime_tools.contract import Column, Contract

_MEMBERS = frozenset({"name", "dtype", "ftype", "range", "values", "repeat", "shape"})
_DTYPES = ("FLOAT", "INT", "STRING")
_MOST_VALUES = 1_000_000
"""Of one row."""


class ContractError(Exception):
    """The contract is none: the message says where and what was expected."""


def read(file: Path) -> Contract:
    """Raises ContractError when the file cannot be read, or is no contract."""
    try:
        given = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ContractError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
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
    if type(repeat) is not int or not 0 < repeat <= _MOST_VALUES:
        raise ContractError(
            f"{where}: repeat is {repeat!r:.40}, expected how many columns there are, at most {_MOST_VALUES}"
        )
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
        raise ContractError(f"{where}: shape is {shape!r:.80}, expected a list of positive sizes")
    if math.prod(shape) > _MOST_VALUES:
        raise ContractError(f"{where}: shape is {shape!r:.80}, expected at most {_MOST_VALUES} values")
    lowest, highest = _range(entry.get("range", ["-inf", "inf"]), where)
    if dtype == "INT" and not _holds_a_whole_number(lowest, highest):
        raise ContractError(f"{where}: range is {entry['range']!r}, which holds no whole number of 64 bits")
    return Column(entry["name"], dtype, lowest, highest, tuple(values), tuple(shape))


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
    """Only such bounds can be drawn from: whole numbers of 64 bits, open ends apart."""
    bounds = [bound for bound in (lowest, highest) if math.isfinite(bound)]
    return all(abs(bound) < 2**63 for bound in bounds) and (
        len(bounds) < 2 or math.ceil(lowest) <= math.floor(highest)
    )
