"""Tables as text: ``text/csv`` (RFC 4180), with the names of the columns in the first line."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ARRAYS, Columns, Limits, Payload, SeldonError
from seldon_runtime.protocols.arrays import LARGEST_EXACT
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_array
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer, utf8
from seldon_runtime_rest.media.tables import check_names, columns_of
from seldon_runtime_rest.media.text import charset_of, decoded

_CELL_BYTES = 160
"""The most memory of a cell besides its text: a text, its places in two lists, a number."""
_COPIES = 6
_NUMBER = frozenset("0123456789+-.eE")
_WHOLE = frozenset("0123456789+-")
_NON_FINITE = frozenset({"inf", "-inf", "Infinity", "-Infinity", "nan", "NaN"})
"""The cells that are numbers, as Python, NumPy and this server write them."""
_FLOAT = _NUMBER.union(*_NON_FINITE)
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_HEADERS = ("present", "absent")


class CsvText(Format):
    """``text/csv``: a table. A column of numbers or booleans has their type, and any other is text."""

    media_type = "text/csv"
    content_type = "text/csv; charset=utf-8; header=present"

    def check(self, parameters: Parameters) -> None:
        """Refuse unknown encodings, and values of ``header`` that RFC 4180 does not have."""
        charset_of(parameters)
        header = parameters.get("header", "present").lower()
        if header not in _HEADERS:
            raise SeldonError(
                f"the parameter header of Content-Type is {header!r:.40}, expected present or absent",
                status_code=415,
            )

    def memory(self, body: bytes) -> int:
        """Count the cells."""
        cells = body.count(b",") + body.count(b"\n") + body.count(b"\r") + 1
        return cells * _CELL_BYTES + len(body) * _COPIES

    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the columns."""
        has_names = parameters.get("header", "present").lower() == "present"
        rows = _rows(decoded(body, parameters))
        if not rows:
            raise SeldonError("the body is empty, expected lines of CSV")
        names = rows.pop(0) if has_names else [f"column_{index}" for index in range(len(rows[0]))]
        check_names(names, "the first line of the CSV")
        for index, row in enumerate(rows):
            if len(row) != len(names):
                raise SeldonError(f"row {index + 1} of the CSV has {len(row)} cells, expected {len(names)}")
        limits.check_values(len(rows) * len(names), "the CSV")
        cells = zip(*rows, strict=True) if rows else [()] * len(names)
        columns = Columns(zip(names, map(_column, cells), strict=True))
        return Payload(ARRAYS, columns, names)

    def write(self, payload: Payload) -> bytes:
        """Return a line of names, and a line for each row; None and NaN are empty cells."""
        columns = columns_of(payload)
        text = StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(name for name, _ in columns)
        writer.writerows(zip(*(_cells(column) for _, column in columns), strict=True))
        return utf8(text.getvalue())


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise SeldonError(f"the body is not valid CSV: {error}") from error


def _column(cells: tuple[str, ...]) -> NDArray[Any]:
    """Return a column in the type of its cells; an empty cell is missing."""
    letters = set().union(*cells)
    present = cells if "" not in cells else tuple(cell for cell in cells if cell)
    if present and letters <= _FLOAT and (numbers := _numbers(present, letters)) is not None:
        if len(present) == len(cells):
            return numbers
        return _with_missing(cells, numbers)
    column = np.empty(len(cells), object)
    if present and _BOOLEANS.keys() >= set(present):
        if len(present) == len(cells):
            return np.array([_BOOLEANS[cell] for cell in cells])
        column[:] = [_BOOLEANS.get(cell) for cell in cells]
        return column
    column[:] = cells if len(present) == len(cells) else [cell or None for cell in cells]
    return column


def _numbers(cells: tuple[str, ...], letters: set[str]) -> NDArray[Any] | None:
    """Return the numbers of cells; None if they are text, such as ``007``, ``1-2`` or ``1e999``."""
    try:
        if not letters <= _WHOLE:
            floats = np.fromiter(map(float, cells), np.float64, len(cells))
            others = np.flatnonzero(~np.isfinite(floats))
            return floats if all(cells[index] in _NON_FINITE for index in others) else None
        whole = list(map(int, cells))
    except ValueError:
        return None
    if any(str(number) != cell != "-0" for number, cell in zip(whole, cells, strict=True)):
        return None  # leading zeros or a plus sign, as of a postal code
    low, high = min(whole), max(whole)
    if low >= -(2**63) and high < 2**63:
        return np.array(whole, np.int64)
    return np.array(whole, np.uint64 if low >= 0 and high < 2**64 else object)


def _with_missing(cells: tuple[str, ...], numbers: NDArray[Any]) -> NDArray[Any]:
    is_present = np.fromiter((cell != "" for cell in cells), bool, len(cells))
    is_exact = numbers.dtype.kind == "f" or all(abs(value) <= LARGEST_EXACT for value in numbers.tolist())
    column: NDArray[Any] = np.full(len(cells), np.nan) if is_exact else np.full(len(cells), None, object)
    column[is_present] = numbers
    return column


def _cells(column: Any) -> list[Any]:
    is_array = isinstance(column, np.ndarray)
    if is_array and column.dtype.kind == "O" and bytes in set(map(type, column.tolist())):
        raise UnfitAnswer("a table with bytes")
    values: list[Any] = plain_array(column) if is_array else column
    return [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    if value is None or (type(value) is float and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(finite(value, NonFinite.NULL)) if isinstance(value, list | dict) else value
