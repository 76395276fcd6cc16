"""Frames and columns as arrays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.protocols.libraries.frames import (
    Table,
    column_array,
    column_of,
    columns_of,
    joined,
    table,
)
from seldon_runtime.protocols.plain_values import plain_array, plain_value


def read(frame: pd.DataFrame) -> Any:
    columns = columns_of(type(frame))
    assert columns is not None
    return table(columns, frame)


def test_frames_and_columns_are_known_by_what_they_can_do() -> None:
    assert columns_of(pd.DataFrame) is not None
    assert columns_of(pd.Series) is None
    assert column_of(pd.Series) is not None
    for other in (pd.DataFrame, np.ndarray, dict, list):
        assert column_of(other) is None


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["a", "b"], ["a", "b"]),
        ([0, 1], None),
        ([1, 2], ["1", "2"]),
        ([("x", "y"), ("x", 1)], ["x.y", "x.1"]),
        (["a", "a"], ["a", "a"]),
    ],
)
def test_columns_become_names_unless_they_are_only_counted(
    labels: list[Any], names: list[str] | None
) -> None:
    assert read(pd.DataFrame([[1, 2]], columns=pd.Index(labels))).names == names


def test_numbers_have_their_common_type() -> None:
    assert read(pd.DataFrame({"a": [1], "b": [0.5]})).rows.dtype == np.float64
    assert read(pd.DataFrame({"a": np.array([1], "i1"), "b": np.array([1], "i4")})).rows.dtype == np.int32


def test_whole_numbers_that_a_float_cannot_hold_stay_exact() -> None:
    large = 2**53 + 1
    assert read(pd.DataFrame({"a": [large], "b": [0.5]})).rows.tolist() == [[large, 0.5]]
    assert joined([np.array([2**64 - 1], "u8"), np.array([-1])], 1).tolist() == [[2**64 - 1, -1]]
    assert column_array(pd.Series([large, None], dtype=object)).tolist() == [large, None]


LARGE = [2**60 + 1, None]


@pytest.mark.parametrize(
    ("library", "make"),
    [
        ("pandas", lambda pandas: pandas.Series(LARGE, dtype="Int64")),
        ("pandas", lambda pandas: pandas.Series(LARGE, dtype="UInt64")),
        ("polars", lambda polars: polars.Series(LARGE)),
        ("pyarrow", lambda pyarrow: pyarrow.array(LARGE)),
        ("pyarrow", lambda pyarrow: pyarrow.chunked_array([LARGE])),
    ],
)
def test_large_whole_numbers_beside_a_missing_value_stay_exact(library: str, make: Any) -> None:
    assert column_array(make(pytest.importorskip(library))).tolist() == LARGE


BERLIN = dt.timezone(dt.timedelta(hours=1))
DAY = dt.date(2026, 1, 2)
HOUR = dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)


def zoned(polars: Any, unit: str) -> Any:
    return polars.Series([HOUR, None], dtype=polars.Datetime(unit, "UTC")).dt.convert_time_zone(
        "Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("library", "make"),
    [
        ("pandas", lambda pandas: pandas.Series([HOUR, None]).dt.tz_convert("Europe/Berlin")),
        ("polars", lambda polars: zoned(polars, "us")),
        ("polars", lambda polars: zoned(polars, "ns")),
        ("pyarrow", lambda pyarrow: pyarrow.array([HOUR, None], pyarrow.timestamp("us", "Europe/Berlin"))),
        (
            "pyarrow",
            lambda pyarrow: pyarrow.chunked_array([[HOUR, None]], pyarrow.timestamp("ms", "Europe/Berlin")),
        ),
    ],
)
def test_times_keep_their_zone(library: str, make: Any) -> None:
    time, missing = column_array(make(pytest.importorskip(library)))
    assert time.isoformat() == HOUR.astimezone(BERLIN).isoformat()
    assert missing is None


def test_times_of_a_zone_keep_their_nanoseconds() -> None:
    polars = pytest.importorskip("polars")
    column = polars.Series([1], dtype=polars.Datetime("ns", "UTC")).dt.convert_time_zone("Europe/Berlin")
    assert column_array(column).tolist() == ["1970-01-01T01:00:00.000000001+01:00"]


ARROW = {
    "words": (lambda pa: pa.array(["x", None]).dictionary_encode(), "O", ["x", None]),
    "numbers by codes": (lambda pa: pa.array([5, 7]).dictionary_encode(), "i", [5, 7]),
    "runs": (
        lambda pa: pa.RunEndEncodedArray.from_arrays([2], pa.array([1])),
        "i",
        [1, 1],
    ),
    "days in milliseconds": (
        lambda pa: pa.array([DAY], pa.date64()),
        "M",
        [dt.date(2026, 1, 2)],
    ),
    "durations": (lambda pa: pa.array([1], pa.duration("ns")), "m", [1]),
    "truth values in bytes": (
        lambda pa: pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0], pa.int8())),
        "b",
        [True, False],
    ),
    "whole numbers": (lambda pa: pa.array([1, 2], pa.int8()), "i", [1, 2]),
    "booleans": (lambda pa: pa.array([True, None]), "O", [True, None]),
}
"""Arrays of PyArrow, and the kind and the values of NumPy's."""


@pytest.mark.parametrize("name", ARROW)
def test_an_array_of_arrow_is_read_as_a_column_of_a_table_is(name: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    make, kind, values = ARROW[name]
    array = make(pyarrow)
    for column in (array, pyarrow.chunked_array([array])):
        found = column_array(column)
        assert (found.dtype.kind, found.tolist()) == (kind, values)


def test_lists_of_arrow_keep_the_type_of_their_numbers() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    vectors = pyarrow.array([[1.5], [2.5]], pyarrow.list_(pyarrow.float32()))
    for column in (vectors, pyarrow.chunked_array([vectors])):
        assert [row.dtype for row in column_array(column)] == [np.float32] * 2


def test_codes_of_arrow_with_a_missing_value_are_not_those_of_another_word() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    codes = pyarrow.array([5, None, 7]).dictionary_encode()
    for column in (codes, pyarrow.chunked_array([codes])):
        np.testing.assert_array_equal(column_array(column), [5.0, np.nan, 7.0])


def test_whole_numbers_that_numpy_lacks_are_objects() -> None:
    polars = pytest.importorskip("polars")
    column = polars.Series([2**70, 1], dtype=polars.Int128)
    assert column_array(column).tolist() == [2**70, 1]


def test_missing_values_are_none_beside_text_and_nan_among_numbers() -> None:
    assert column_array(pd.Series(["a", None, np.nan, pd.NA])).tolist() == ["a", None, None, None]
    np.testing.assert_array_equal(column_array(pd.Series([1, None], dtype="Int64")), [1.0, np.nan])


COLUMNS = st.sampled_from(
    [
        np.array([1, 2]),
        np.array([0.5, np.nan]),
        np.array([0.5, 1], np.float32),
        np.array([True, False]),
        np.array(["a", "b"]),
        np.array(["a", None], object),
        np.array([1, "b"], object),
        np.array([1, np.float64(0.5)], object),
        np.array([{}, "b"], object),
        np.array(["2026-01-02", "NaT"], "M8[D]"),
        np.array([2**64 - 1, 0], np.uint64),
    ]
)


@given(st.lists(COLUMNS))
def test_plain_rows_are_those_of_the_array(columns: list[Any]) -> None:
    found = Table(None, columns, 2)
    rows = found.plain_rows
    if rows is not None:
        wanted = found.rows
        assert wanted.dtype == object
        assert repr(rows) == repr(plain_array(wanted))


def test_columns_of_text_beside_numbers_and_booleans_have_plain_rows() -> None:
    columns = [np.array([1, 2]), np.array([True, False]), np.array(["a", None], object)]
    assert Table(None, columns, 2).plain_rows == [[1, True, "a"], [2, False, None]]
    assert Table(None, columns[:1], 2).plain_rows is None


def test_dates_keep_their_digits_beside_other_values() -> None:
    frame = pd.DataFrame({"t": np.array(["2026-01-02T03:04:05.123456789"], "M8[ns]"), "x": ["a"]})
    assert read(frame).rows[0, 0] == np.datetime64("2026-01-02T03:04:05.123456789", "ns")


def test_a_frame_without_columns_has_its_rows() -> None:
    assert read(pd.DataFrame(index=[1, 2])).rows.shape == (2, 0)


def times_of_a_day(library: str, nanoseconds: int) -> Any:
    """Return a column of a time of a day and a missing one."""
    pa = pytest.importorskip("pyarrow")
    column = pa.array([nanoseconds, None], pa.time64("ns"))
    if library == "polars":
        return pytest.importorskip("polars").from_arrow(column)
    if library == "pandas":
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([column])))
    return column


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
def test_times_of_a_day_keep_their_nanoseconds(library: str) -> None:
    for nanoseconds, text in ((1_000_001, "00:00:00.001000001"), (5_000, "00:00:00.000005")):
        assert plain_array(column_array(times_of_a_day(library, nanoseconds))) == [text, None]


def test_a_single_time_of_a_day_keeps_its_nanoseconds() -> None:
    pa = pytest.importorskip("pyarrow")
    kind = pa.time64("ns")
    assert [plain_value(pa.scalar(count, kind)) for count in (1_000_001, 5_000, None)] == [
        "00:00:00.001000001",
        "00:00:00.000005",
        None,
    ]
