"""The types of columns; the frames that are made of them: ``tests/parity/test_hinted_arguments.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.hints.tables import arrow_table, columns_in, polars_frame
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.message import ARRAYS, Kind, Payload


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, -(2**63)], "int64"),
        ([1, 2**63], "object"),
        ([1, 2**64], "object"),
        ([1.5, 2.0], "float64"),
        ([1, 2.5], "float64"),
        ([1, None], "float64"),
        ([2**60 + 1, None], "object"),
        ([True, False], "bool"),
        ([True, 1], "object"),
        ([True, None], "object"),
        ([None, None], "object"),
        (["a", "b"], "object"),
    ],
)
def test_a_column_of_records_has_the_type_that_keeps_its_values(values: list[Any], dtype: str) -> None:
    records = [{"x": value, "y": "text"} for value in values]
    names, (column, _) = columns_in(Payload(Kind.JSON, records))
    assert (names, column.dtype) == (["x", "y"], dtype)
    assert [None if value != value else value for value in column.tolist()] == values


@pytest.mark.parametrize("values", [[1, "x", None], [True, 1], [2**70 + 1, None], [2**60 + 1, 0.5]])
def test_a_column_of_several_types_keeps_them_in_a_frame_of_polars(values: list[Any]) -> None:
    polars = pytest.importorskip("polars")
    frame = polars_frame(polars.DataFrame)(Payload(Kind.JSON, [{"a": value, "b": 1} for value in values]))
    assert frame["a"].to_list() == values
    assert [type(value) for value in frame["a"].to_list()] == [type(value) for value in values]
    assert frame["b"].dtype == polars.Int64


def test_whole_numbers_beside_null_are_whole_numbers_of_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars_frame(polars.DataFrame)(Payload(Kind.JSON, [{"a": 2**60 + 1}, {"a": None}]))
    assert frame["a"].dtype == polars.Int64


def table_of(library: str, column: Any) -> Any:
    """Return the column ``a`` of a frame of a library."""
    module = pytest.importorskip(library)
    convert = polars_frame(module.DataFrame) if library == "polars" else arrow_table(module.Table.from_pydict)
    return convert(Payload(ARRAYS, Columns(a=column), ["a"]))["a"]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u8", "?"])
@pytest.mark.parametrize("count", [0, 2])
def test_a_column_keeps_its_type_in_a_frame_with_and_without_rows(
    library: str, dtype: str, count: int
) -> None:
    column = table_of(library, np.ones(count, dtype))
    assert (np.asarray(column.to_numpy()).dtype, column.to_numpy().tolist()) == (np.dtype(dtype), [1] * count)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_a_missing_number_is_null_in_a_frame(library: str) -> None:
    column = table_of(library, np.array([1.5, np.nan], "f4"))
    values = column.to_pylist() if library == "pyarrow" else column.to_list()
    assert values == [1.5, None]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_whole_numbers_of_64_bits_without_sign_may_be_missing(library: str) -> None:
    column = table_of(library, np.array([2**64 - 1, None], object))
    values = column.to_pylist() if library == "pyarrow" else column.to_list()
    assert values == [2**64 - 1, None]
    assert str(column.type if library == "pyarrow" else column.dtype).lower() == "uint64"


@pytest.mark.parametrize(
    ("values", "is_object"),
    [
        ([[1], [2, None]], False),
        ([[1], [1, "x"]], True),
        ([{"a": 1}, {"b": "x"}], False),
        ([{"a": 1}, {"a": "x"}], True),
        ([[1], 2], True),
        ([[{"a": [1.5]}], None], False),
    ],
)
def test_nested_values_of_polars_are_those_that_were_sent(values: list[Any], is_object: bool) -> None:
    polars = pytest.importorskip("polars")
    payload = Payload(Kind.JSON, {"x": values})
    column = polars_frame(polars.DataFrame)(payload)["x"]
    assert (column.dtype == polars.Object) == is_object
    for made, sent in zip(column.to_list(), values, strict=True):
        assert made == sent or (isinstance(sent, dict) and made.items() >= sent.items())
