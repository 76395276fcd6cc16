"""The rows of the table "Results of a method": values, and the payload that a client reads.

The keys are the first cells of the table in ``docs/reference/values.md``. The request has an ``ndarray``. A
row of a library that is not installed has no strategy.
"""

from __future__ import annotations

import base64
import datetime as dt
import importlib.util
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from io import BytesIO
from typing import Any
from uuid import UUID

import attrs
import msgspec
import numpy as np
import pandas as pd
import pydantic
import scipy.sparse
from hypothesis import strategies as st
from PIL import Image

Pair = tuple[Any, dict[str, Any]]
"""A value that a method returns, and the answer without its meta."""

numbers = st.floats(-1e6, 1e6, width=32)
whole = st.integers(-(2**53), 2**53)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)


@dataclass
class Point:
    x: float
    day: dt.date


class Model(pydantic.BaseModel):
    x: float = pydantic.Field(alias="the x")
    labels: list[str]


class Struct(msgspec.Struct, rename="camel"):
    the_x: float
    day: dt.date


@attrs.define
class Attrs:
    x: float
    labels: list[str]


class Level(Enum):
    LOW = "low"
    HIGH = 2.5


class Interchange:
    """A frame that offers the interchange protocol only."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        from pandas.core.interchange.dataframe import PandasDataFrameXchg

        return PandasDataFrameXchg(self._frame, allow_copy=allow_copy)


class Device:
    """A tensor of a device, which NumPy cannot read in place: only DLPack copies it to the processor."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array
        self.copies = 0

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("can't convert a tensor of a device to numpy")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)

    def __dlpack__(self, *, dl_device: tuple[int, int] | None = None, **kwargs: Any) -> Any:
        assert dl_device is not None
        assert tuple(dl_device) == (1, 0), "the reader did not ask for the processor's memory"
        self.copies += 1
        return self._array.__dlpack__(
            **{name: version for name, version in kwargs.items() if name == "max_version"}
        )


def data(rows: list[Any], names: list[str] | None = None) -> dict[str, Any]:
    """Return an answer with an array; two-dimensional ones have the protocol's names by default."""
    if names is None:
        names = [f"t:{i}" for i in range(len(rows[0]))] if rows and isinstance(rows[0], list) else []
    return {"data": {"names": names, "ndarray": rows}}


@st.composite
def matrices(draw: Any) -> list[list[float]]:
    columns = draw(st.integers(1, 3))
    rows: list[list[float]] = draw(
        st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=3)
    )
    return rows


@st.composite
def tables(draw: Any) -> dict[str, list[Any]]:
    """Columns of numbers, whole numbers, texts, and texts beside null; at least one is text."""
    count = draw(st.integers(1, 3))

    def column(elements: st.SearchStrategy[Any]) -> list[Any]:
        values: list[Any] = draw(st.lists(elements, min_size=count, max_size=count))
        return values

    return {"n": column(numbers), "i": column(whole), "t": column(text), "o": column(text | st.none())}


def rows_of(table: dict[str, list[Any]]) -> list[list[Any]]:
    return [list(row) for row in zip(*table.values(), strict=True)]


def of_table(make: Any) -> st.SearchStrategy[Pair]:
    return tables().map(lambda table: (make(table), data(rows_of(table), list(table))))


def of_matrix(make: Any) -> st.SearchStrategy[Pair]:
    return matrices().map(lambda rows: (make(rows), data(rows)))


def of_numbers(make: Any) -> st.SearchStrategy[Pair]:
    return st.lists(numbers, min_size=1, max_size=4).map(lambda values: (make(values), data(values)))


def png(image: Image.Image) -> dict[str, Any]:
    file = BytesIO()
    image.save(file, "PNG")
    return {"binData": base64.b64encode(file.getvalue()).decode()}


def _image(size: int, mode: str) -> Pair:
    image = Image.new(mode, (size, size), 1)
    return image, png(image)


def _fields(rows: list[list[float]]) -> Pair:
    """A structured array with a text as its last field, plain or of records."""
    names = [f"n{index}" for index in range(len(rows[0]))]
    dtype = [*((name, float) for name in names), ("t", "U1")]
    array = np.array([(*row, "x") for row in rows], dtype)
    made = array.view(np.recarray) if len(rows) % 2 else array
    return made, data([[*row, "x"] for row in rows], [*names, "t"])


ROWS: dict[str, st.SearchStrategy[Pair]] = {
    "other arrays with `__array__` or DLPack: TensorFlow, CuPy, `array.array`": of_matrix(
        lambda rows: Device(np.array(rows))
    ),
    "`pandas.DataFrame`": of_table(pd.DataFrame) | of_matrix(pd.DataFrame),
    "`pandas.Series`, `pandas.Index`, `pandas.Categorical`": of_numbers(pd.Series)
    | of_numbers(pd.Index)
    | st.just((pd.Categorical(["a", None]), data(["a", None]))),
    "a structured array of NumPy": matrices().map(_fields),
    "frames of the dataframe interchange protocol": of_table(lambda table: Interchange(pd.DataFrame(table))),
    "SciPy's sparse matrices and arrays": of_matrix(lambda rows: scipy.sparse.csr_array(np.array(rows)))
    | of_matrix(lambda rows: scipy.sparse.coo_matrix(np.array(rows)))
    | of_matrix(lambda rows: scipy.sparse.dok_array(np.array(rows))),
    "a number, a boolean, a NumPy scalar": (numbers | whole | st.booleans()).map(
        lambda value: (value, data([[value]]))
    )
    | numbers.map(lambda value: (np.float32(value), data([[value]]))),
    "a dataclass": numbers.map(lambda x: (Point(x, dt.date(2026, 1, 2)), {"x": x, "day": "2026-01-02"})).map(
        lambda pair: (pair[0], {"jsonData": pair[1]})
    ),
    "a pydantic model": numbers.map(
        lambda x: (Model(**{"the x": x, "labels": ["a"]}), {"jsonData": {"the x": x, "labels": ["a"]}})
    ),
    "a `msgspec.Struct`": numbers.map(
        lambda x: (Struct(x, dt.date(2026, 1, 2)), {"jsonData": {"theX": x, "day": "2026-01-02"}})
    ),
    "an object of a class of attrs": numbers.map(
        lambda x: (Attrs(x, ["a"]), {"jsonData": {"x": x, "labels": ["a"]}})
    ),
    "a member of an `Enum`": st.sampled_from([(Level.LOW, {"strData": "low"}), (Level.HIGH, data([[2.5]]))]),
    "a date, time or duration, `Decimal`, `UUID`": st.sampled_from(
        [
            (dt.date(2026, 1, 2), {"strData": "2026-01-02"}),
            (np.datetime64("2026-01"), {"strData": "2026-01"}),
            (dt.timedelta(minutes=3), {"strData": "PT3M"}),
            (Decimal("1.10"), {"strData": "1.10"}),
            (UUID(int=1), {"strData": str(UUID(int=1))}),
        ]
    ),
    "a set, `frozenset`, `range`, `deque`, dict view": st.sets(numbers, min_size=1).map(
        lambda values: (values, data(sorted(values)))
    )
    | st.sets(text, min_size=1).map(lambda values: (frozenset(values), data(sorted(values))))
    | of_numbers(deque)
    | of_numbers(lambda values: dict(enumerate(values)).values())
    | st.just((range(3), data([0, 1, 2]))),
    "an image of Pillow": st.integers(1, 4).flatmap(
        lambda size: st.sampled_from(["RGB", "L", "RGBA", "1", "P"]).map(lambda mode: _image(size, mode))
    ),
}
LIBRARY_OF = {
    "`torch.Tensor`": "torch",
    "`jax.Array`": "jax",
    "`polars.DataFrame`, `polars.Series`": "polars",
    "`pyarrow.Table`, `RecordBatch`, `Array`, `ChunkedArray`": "pyarrow",
}
"""The rows of libraries that `tox run -e frameworks` installs."""


def frameworks() -> dict[str, st.SearchStrategy[Pair]]:
    """Return the rows of the libraries that are installed."""
    made = {"torch": _torch, "jax": _jax, "polars": _polars, "pyarrow": _pyarrow}
    return {
        row: made[name]() for row, name in LIBRARY_OF.items() if importlib.util.find_spec(name) is not None
    }


def _torch() -> st.SearchStrategy[Pair]:
    import torch

    return (
        of_matrix(torch.tensor)
        | of_matrix(lambda rows: torch.tensor(rows, requires_grad=True))
        | st.just((torch.tensor([1.5], dtype=torch.bfloat16), data([1.5])))
        | of_matrix(lambda rows: {"logits": torch.tensor(rows, requires_grad=True)}).map(
            lambda pair: (pair[0], {"jsonData": {"logits": pair[1]["data"]["ndarray"]}})
        )
        | of_numbers(lambda values: [torch.tensor(value, requires_grad=True) for value in values])
    )


def _jax() -> st.SearchStrategy[Pair]:
    import jax.numpy as jnp

    rounded = st.integers(-99, 99).map(float)  # denormal numbers become zero there
    return st.lists(rounded, min_size=1, max_size=3).map(lambda values: (jnp.array(values), data(values)))


def _polars() -> st.SearchStrategy[Pair]:
    import polars as pl

    return of_table(pl.DataFrame) | of_numbers(pl.Series)


def _pyarrow() -> st.SearchStrategy[Pair]:
    import pyarrow as pa

    return (
        of_table(pa.table)
        | of_table(lambda table: pa.table(table).to_batches()[0])
        | of_numbers(pa.array)
        | of_numbers(lambda values: pa.chunked_array([values]))
        | st.just((pa.array(["a", None]), data(["a", None])))
    )
