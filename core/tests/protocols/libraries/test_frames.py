"""Frames and columns as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from seldon_runtime.protocols.libraries.frames import column_array, column_of, columns_of, joined, table


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


def test_missing_values_are_none_beside_text_and_nan_among_numbers() -> None:
    assert column_array(pd.Series(["a", None, np.nan, pd.NA])).tolist() == ["a", None, None, None]
    np.testing.assert_array_equal(column_array(pd.Series([1, None], dtype="Int64")), [1.0, np.nan])


def test_dates_keep_their_digits_beside_other_values() -> None:
    frame = pd.DataFrame({"t": np.array(["2026-01-02T03:04:05.123456789"], "M8[ns]"), "x": ["a"]})
    assert read(frame).rows[0, 0] == np.datetime64("2026-01-02T03:04:05.123456789", "ns")


def test_a_frame_without_columns_has_its_rows() -> None:
    assert read(pd.DataFrame(index=[1, 2])).rows.shape == (2, 0)
