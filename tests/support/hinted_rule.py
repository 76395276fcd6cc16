"""The rows of the table "Arguments of a method": hints, requests, and the values that a method receives.

The keys are the first cells of the table in ``docs/reference/values.md``. A row of a library that is not
installed is absent.
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic
from PIL import Image

ROW = {"data": {"names": ["a", "b"], "ndarray": [[1.5, "x"], [None, "y"]]}}
NUMBERS = {"data": {"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [1.5, 2.5]}}}
RECORDS = {"jsonData": [{"a": 1.5, "b": "x"}, {"b": "y"}]}
TEXT = {"strData": "text"}


class Person(pydantic.BaseModel):
    age: pydantic.StrictInt
    name: str = "nobody"


@dataclass
class Point:
    x: int
    y: float = 0.5


class Struct(msgspec.Struct):
    x: int


@dataclass
class Row:
    """A hint: pairs of a request and the value that is received, and of a bad request and its error."""

    hint: Any
    show: Callable[[Any], Any]
    """Makes JSON of the received value."""
    good: list[tuple[dict[str, Any], Any]]
    bad: list[tuple[dict[str, Any], str]] = field(default_factory=list)


def png() -> str:
    file = BytesIO()
    Image.new("RGB", (2, 3)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def of_frame(frame: pd.DataFrame) -> Any:
    return {str(name): [None if pd.isna(v) else v for v in column] for name, column in frame.items()}


def of_array(array: Any) -> Any:
    return [str(array.dtype), np.asarray(array).tolist()]


MIXED = {"a": [1.5, None], "b": ["x", "y"]}
ROWS = {
    "`pandas.DataFrame`": Row(
        pd.DataFrame,
        of_frame,
        [
            (ROW, MIXED),
            (RECORDS, MIXED),
            ({"jsonData": MIXED}, MIXED),
            (NUMBERS, {"a": [1.5], "b": [2.5]}),
            ({"data": {"ndarray": [[1.5]]}}, {"0": [1.5]}),
        ],
        [
            (TEXT, "the request has strData, and the component expects a table"),
            ({"data": {"names": ["a"], "ndarray": [[1.5, 2.5]]}}, "data.names has 1 names for 2 columns"),
            ({"data": {"names": ["a", "a"], "ndarray": [[1.5, 2.5]]}}, "data.names has 'a' twice"),
            ({"data": {"ndarray": [[[1.5]]]}}, "data.ndarray has 3 dimensions"),
            ({"jsonData": {"a": [1.5], "b": []}}, "the columns in jsonData have different lengths"),
        ],
    ),
    "`npt.NDArray[np.float32]`, other types of values": Row(
        npt.NDArray[np.float32],
        of_array,
        [
            (NUMBERS, ["float32", [[1.5, 2.5]]]),
            ({"data": {"ndarray": [[1.5, 2]]}}, ["float32", [[1.5, 2.0]]]),
            ({"jsonData": [[1.5]]}, ["float32", [[1.5]]]),
        ],
        [
            (ROW, r"data.ndarray\[0\]\[1\] is 'x', expected a number of type float32"),
            (
                {"data": {"ndarray": [1e300]}},
                r"data.ndarray\[0\] is 1e\+300, expected a number",
            ),
            (TEXT, "expects an array"),
        ],
    ),
    "`dict[str, np.ndarray]`": Row(
        dict[str, np.ndarray],
        lambda columns: {name: of_array(column) for name, column in columns.items()},
        [(NUMBERS, {"a": ["float64", [1.5]], "b": ["float64", [2.5]]})],
        [(TEXT, "expects a table")],
    ),
    "`dict[str, npt.NDArray[np.float32]]`": Row(
        dict[str, npt.NDArray[np.float32]],
        lambda columns: {name: of_array(column) for name, column in columns.items()},
        [
            (NUMBERS, {"a": ["float32", [1.5]], "b": ["float32", [2.5]]}),
            ({"jsonData": [{"a": 1}]}, {"a": ["float32", [1.0]]}),
        ],
        [
            (TEXT, "expects a table"),
            (ROW, r"data.ndarray.b\[0\] is 'x', expected a number of type float32"),
        ],
    ),
    "`str`": Row(
        str,
        lambda text: text,
        [
            (TEXT, "text"),
            ({"binData": base64.b64encode("tä".encode()).decode()}, "tä"),
            ({"data": {"ndarray": [["only"]]}}, "only"),
            ({"jsonData": "json"}, "json"),
        ],
        [
            (ROW, "the request has data.ndarray, and the component expects one text"),
            ({"binData": "/w=="}, "UTF-8"),
        ],
    ),
    "`bytes`": Row(
        bytes,
        lambda raw: raw.hex(),
        [({"binData": "AAE="}, "0001"), (TEXT, b"text".hex())],
        [(ROW, "expects bytes: binData")],
    ),
    "`PIL.Image.Image`": Row(
        Image.Image,
        lambda image: [image.mode, *image.size],
        [
            ({"binData": png()}, ["RGB", 2, 3]),
            ({"data": {"ndarray": [[0, 255]]}}, ["L", 2, 1]),
            ({"data": {"ndarray": [[[0], [255]]]}}, ["L", 2, 1]),
            ({"data": {"ndarray": [[[0, 1, 2], [255, 1, 2]]]}}, ["RGB", 2, 1]),
        ],
        [
            ({"data": {"ndarray": [[0.5]]}}, "data.ndarray has values that are not from 0 to 255, whole"),
            ({"data": {"ndarray": [0, 1]}}, r"data.ndarray has the shape \[2\], expected an image"),
            ({"data": {"ndarray": [[[0, 1], [1, 2]]]}}, r"has the shape \[1, 2, 2\], expected an image"),
            ({"binData": "AAE="}, "binData is not an image of a known format"),
            ({"strData": "AAE="}, "strData is not an image of a known format, expected a file in binData"),
            ({"data": {"ndarray": [[256]]}}, "values that are not from 0 to 255"),
        ],
    ),
    "a pydantic model": Row(
        Person,
        lambda person: person.model_dump(),
        [
            ({"jsonData": {"age": 1}}, {"age": 1, "name": "nobody"}),
            ({"data": {"names": ["age", "name"], "ndarray": [[2, "n"]]}}, {"age": 2, "name": "n"}),
        ],
        [
            ({"jsonData": {"age": "x"}}, r"^jsonData\.age: Input should be a valid integer"),
            ({"jsonData": {}}, r"^jsonData\.age: Field required"),
            (
                {"data": {"names": ["age"], "ndarray": [[1], [2]]}},
                "has 2 rows, ",
            ),
            ({"data": {"ndarray": [[1]]}}, "data.names is absent"),
            (TEXT, "expects an object: jsonData"),
        ],
    ),
    "a dataclass, a `msgspec.Struct`, a `TypedDict`, a class of attrs": Row(
        Point,
        lambda point: [point.x, point.y],
        [({"jsonData": {"x": 1}}, [1, 0.5]), ({"jsonData": {"x": 1, "y": 2}}, [1, 2.0])],
        [
            ({"jsonData": {"x": "1"}}, r"^jsonData\.x: Expected `int`, got `str`"),
            ({"jsonData": [1]}, "^jsonData: "),
        ],
    ),
    "`list[Model]`": Row(
        list[Struct],
        lambda structs: [struct.x for struct in structs],
        [
            ({"jsonData": [{"x": 1}, {"x": 2}]}, [1, 2]),
            ({"data": {"names": ["x"], "ndarray": [[1], [2]]}}, [1, 2]),
        ],
        [
            ({"jsonData": [{"x": 1}, {"x": "q"}]}, r"^jsonData\[1\]\.x: Expected `int`, got `str`"),
            ({"data": {"names": ["x"], "ndarray": [[1], [1.5]]}}, r"^data\.ndarray\[1\]\.x: Expected `int`"),
        ],
    ),
    "`list[str]`, `list[float]`, `dict[str, float]` and alike": Row(
        list[str],
        lambda texts: texts,
        [
            ({"data": {"ndarray": ["a", "b"]}}, ["a", "b"]),
            ({"data": {"ndarray": [["a"], ["b"]]}}, ["a", "b"]),
            ({"jsonData": ["a"]}, ["a"]),
            (TEXT, ["text"]),
        ],
        [({"jsonData": ["a", True]}, r"^jsonData\[1\]: Expected `str`, got `bool`")],
    ),
}
LIBRARY_OF = {
    "`polars.DataFrame`": "polars",
    "`pyarrow.Table`": "pyarrow",
    "`torch.Tensor`": "torch",
    "`jax.Array`": "jax",
}
"""The rows of libraries that ``tox run -e frameworks`` installs."""


def _polars() -> Row:
    import polars as pl

    def show(frame: Any) -> Any:
        return frame.to_dict(as_series=False)

    return Row(pl.DataFrame, show, [(ROW, MIXED), (RECORDS, MIXED)], [(TEXT, "expects a table")])


def _pyarrow() -> Row:
    import pyarrow as pa

    return Row(pa.Table, lambda table: table.to_pydict(), [(ROW, MIXED), (RECORDS, MIXED)])


def _torch() -> Row:
    import torch

    return Row(
        torch.Tensor,
        lambda tensor: [str(tensor.dtype), tensor.tolist()],
        [(NUMBERS, ["torch.float32", [[1.5, 2.5]]]), ({"data": {"ndarray": [True]}}, ["torch.bool", [True]])],
        [(ROW, r"data\.ndarray\[0\]\[1\] is 'x', expected a number")],
    )


def _jax() -> Row:
    import jax

    return Row(jax.Array, of_array, [(NUMBERS, ["float32", [[1.5, 2.5]]])], [(TEXT, "expects an array")])


_MADE = {"polars": _polars, "pyarrow": _pyarrow, "torch": _torch, "jax": _jax}


def rows() -> dict[str, Row]:
    """Return the rows of the libraries that are installed."""
    return ROWS | {row: _MADE[name]() for row, name in LIBRARY_OF.items() if importlib.util.find_spec(name)}
