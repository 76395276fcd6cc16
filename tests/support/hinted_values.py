"""Values that a client sends for each hint of the table "Arguments of a method", and the received ones.

The keys are those of ``hinted_rule.ROWS`` and ``LIBRARY_OF``. A value is what every protocol can send:
columns by name, an array, a text, or bytes.
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.support.hinted_rule import LIBRARY_OF
from tests.support.returned_rule import matrices, numbers, text

whole = st.integers(-(2**53), 2**53)


@dataclass
class Sent:
    """A value: its form in v1, and its inputs in V2."""

    v1: dict[str, Any]
    v2: dict[str, NDArray[Any]]


Pair = tuple[Sent, Any]
"""A value, and what the row's ``show`` makes of it."""


def of_columns(columns: dict[str, list[Any]]) -> Sent:
    """Return a table; None stands for a missing number."""
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return Sent(
        {"data": {"names": list(columns), "ndarray": rows}},
        {name: _column(values) for name, values in columns.items()},
    )


def of_rows(rows: list[Any]) -> Sent:
    """Return an array of numbers or of texts."""
    return Sent({"data": {"ndarray": rows}}, {"x": _column(rows)})


def of_text(value: str) -> Sent:
    """Return a text."""
    return Sent({"strData": value}, {"x": np.array([value], object)})


def of_bytes(value: bytes) -> Sent:
    """Return bytes."""
    only = np.empty(1, object)
    only[0] = value
    return Sent({"binData": base64.b64encode(value).decode()}, {"x": only})


def _column(values: list[Any]) -> NDArray[Any]:
    if any(isinstance(value, str) for value in values):
        return np.array(values, object)
    return np.array([np.nan if value is None else value for value in values])


@st.composite
def columns(draw: Any, **kinds: st.SearchStrategy[Any]) -> dict[str, list[Any]]:
    """Return columns with these kinds of values, of one to three rows."""
    count = draw(st.integers(1, 3))
    return {name: draw(st.lists(kind, min_size=count, max_size=count)) for name, kind in kinds.items()}


def of_table(show: Callable[[dict[str, list[Any]]], Any] = lambda table: table) -> st.SearchStrategy[Pair]:
    """Return tables of mixed columns."""
    kinds = {"n": numbers, "i": whole, "t": text, "m": numbers | st.none()}
    return columns(**kinds).map(lambda table: (of_columns(table), show(table)))


def of_matrix(dtype: str) -> st.SearchStrategy[Pair]:
    """Return arrays, shown as ``hinted_rule.of_array`` does."""
    return matrices().map(lambda rows: (of_rows(rows), [dtype, np.array(rows, np.float32).tolist()]))


def _image(size: tuple[int, int]) -> Pair:
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return of_bytes(file.getvalue()), ["RGB", *size]


def _one_row(**values: Any) -> Sent:
    return of_columns({name: [value] for name, value in values.items()})


ROWS: dict[str, st.SearchStrategy[Pair]] = {
    "`pandas.DataFrame`": of_table(),
    "`npt.NDArray[np.float32]`, other types of values": of_matrix("float32"),
    "`dict[str, np.ndarray]`": columns(a=numbers, b=numbers).map(
        lambda table: (of_columns(table), {name: ["float64", values] for name, values in table.items()})
    ),
    "`dict[str, npt.NDArray[np.float32]]`": columns(a=numbers, b=whole).map(
        lambda table: (
            of_columns(table),
            {name: ["float32", np.array(values, np.float32).tolist()] for name, values in table.items()},
        )
    ),
    "`str`": text.map(lambda value: (of_text(value), value)),
    "`bytes`": st.binary(max_size=6).map(lambda value: (of_bytes(value), value.hex())),
    "`PIL.Image.Image`": st.tuples(st.integers(1, 4), st.integers(1, 4)).map(_image),
    "a pydantic model": st.tuples(whole, text).map(
        lambda pair: (_one_row(age=pair[0], name=pair[1]), {"age": pair[0], "name": pair[1]})
    ),
    "a dataclass, a `msgspec.Struct`, a `TypedDict`, a class of attrs": st.tuples(whole, numbers).map(
        lambda pair: (_one_row(x=pair[0], y=pair[1]), list(pair))
    ),
    "`list[Model]`": columns(x=whole).map(lambda table: (of_columns(table), table["x"])),
    "`list[str]`, `list[float]`, `dict[str, float]` and alike": st.lists(text, min_size=1, max_size=3).map(
        lambda values: (of_rows(values), values)
    ),
}
_OF_LIBRARIES = {
    "polars": lambda: of_table(),
    "pyarrow": lambda: of_table(),
    "torch": lambda: of_matrix("torch.float32"),
    "jax": lambda: of_matrix("float32"),
}


def rows() -> dict[str, st.SearchStrategy[Pair]]:
    """Return the rows of the libraries that are installed."""
    installed = {row: name for row, name in LIBRARY_OF.items() if importlib.util.find_spec(name)}
    return ROWS | {row: _OF_LIBRARIES[name]() for row, name in installed.items()}
