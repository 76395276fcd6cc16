"""Answers as rows or as columns, for the formats that hold tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from seldon_runtime.plugin import ARRAYS, DATA_KINDS, Columns, Kind, Payload, SeldonError, as_single
from seldon_runtime.protocols.plain_values import plain_array
from seldon_runtime_rest.media.format import UnfitAnswer, named

_TEXTS = frozenset({str, type(None)})
_BYTES = frozenset({bytes, type(None)})
ONLY = "value"
"""The name of the column of an answer of one dimension."""


def check_names(names: Sequence[str], where: str) -> None:
    """Raise SeldonError (BAD_DATA) when two columns of a request have one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SeldonError(f"{where} has the column {name!r:.80} twice")
        seen.add(name)


def rows_of(payload: Payload) -> Any:
    """Return an array of an answer as nested lists of plain values."""
    value = as_single(payload).value
    return plain_array(value) if isinstance(value, np.ndarray) else value


NamedColumns = list[tuple[str, Any]]
"""The names of columns and their values, each a list of plain values or an array of one dimension."""


def columns_of(payload: Payload) -> NamedColumns:
    """Return the columns of an answer. Two may have one name, as the component returned them.

    An array of one dimension, and a list of single values, is one column. A list of objects, in data or in
    jsonData, is a table with a row for each; one object is a row.

    Raises:
        UnfitAnswer: the answer is not a table.
    """
    if payload.kind is ARRAYS and type(payload.value) is Columns:
        return [(name, _plain(column)) for name, column in payload.value.items()]
    if payload.kind in DATA_KINDS:
        return _of_array(payload)
    if payload.kind is Kind.JSON:
        return _of_json(payload.value)
    raise UnfitAnswer(named(payload))


def _plain(column: Any) -> Any:
    """Return an array of numbers, dates or texts as it is, and any other as a list of plain values."""
    if column.dtype.kind in "biufM":
        return column
    values = column.tolist()
    kinds = set(map(type, values))
    if kinds <= _TEXTS or kinds <= _BYTES:
        return column
    present = [value for value in values if value is not None]
    if all(isinstance(value, datetime) and value.utcoffset() is not None for value in present):
        return column  # of times with a time zone, which datetime64 has not
    return plain_array(column)


def _of_array(payload: Payload) -> NamedColumns:
    value = payload.value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        columns: list[Any] = list(value.reshape(-1, 1).T if value.ndim < 2 else value.T)
        dimensions = value.ndim
    else:
        rows = rows_of(payload)
        rows = rows if isinstance(rows, list) else [rows]
        if rows and all(isinstance(row, Mapping) for row in rows):
            return _of_records(rows)
        if not rows and payload.names:
            return [(str(name), []) for name in payload.names]
        is_flat = not any(isinstance(row, list) for row in rows)
        if not is_flat and len({len(row) if isinstance(row, list) else -1 for row in rows}) > 1:
            raise UnfitAnswer("data with rows of different lengths")
        columns = [rows] if is_flat else [list(column) for column in zip(*rows, strict=True)]
        dimensions = 1 if is_flat else 2
    if dimensions > 2 or any(isinstance(cell, list) for column in columns for cell in column[:1]):
        raise UnfitAnswer("data with more than two dimensions")
    names = [ONLY] if dimensions < 2 else [str(name) for name in payload.names or ()]
    if len(names) != len(columns):
        names = [f"column_{index}" for index in range(len(columns))]
    return list(zip(names, columns, strict=True))


def _of_records(rows: Sequence[Mapping[str, Any]]) -> NamedColumns:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return [(name, [row.get(name) for row in rows]) for name in names]


def _of_json(value: Any) -> NamedColumns:
    rows = value if isinstance(value, list) else [value]
    if rows and all(isinstance(row, Mapping) for row in rows):
        return _of_records(rows)
    if any(isinstance(row, Mapping | list) for row in rows):
        raise UnfitAnswer("jsonData that is not a table")
    return [(ONLY, list(rows))]
