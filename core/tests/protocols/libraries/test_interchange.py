"""Frames read from the buffers of the dataframe interchange protocol."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.core.interchange.dataframe import PandasDataFrameXchg

from seldon_runtime.protocols.libraries.frames import Table
from seldon_runtime.protocols.libraries.interchange import is_frame, table, zoned
from seldon_runtime.protocols.plain_values import plain_array


class Exchanged:
    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def __dataframe__(self) -> PandasDataFrameXchg:
        return PandasDataFrameXchg(self._frame)


def read(**columns: Any) -> Table:
    return table(Exchanged(pd.DataFrame(columns)))


def test_a_frame_is_known_by_its_method() -> None:
    assert is_frame(Exchanged)
    assert not is_frame(dict)


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint16", "float32", "float64", "bool"])
def test_numbers_keep_their_type(dtype: str) -> None:
    column = np.array([0, 1, 1], dtype)
    rows = read(a=column, b=column).rows
    assert rows.dtype == column.dtype
    assert rows.tolist() == [[value, value] for value in column.tolist()]


def test_mixed_columns_stay_mixed() -> None:
    found = read(n=[1.5, 2.5], i=[1, 2], t=["x", "äö"])
    assert found.names == ["n", "i", "t"]
    assert found.rows.tolist() == [[1.5, 1, "x"], [2.5, 2, "äö"]]


def test_nulls_are_none_beside_text_and_nan_among_numbers() -> None:
    texts = read(t=["x", None, ""], c=pd.Categorical(["a", None, "b"]))
    assert texts.rows.tolist() == [["x", "a"], [None, None], ["", "b"]]
    numbers = read(i=pd.array([1, None], "Int64")).rows
    np.testing.assert_array_equal(numbers, [[1.0], [np.nan]])
    assert read(b=pd.array([True, None], "boolean")).rows.tolist() == [[True], [None]]


def test_dates_keep_their_unit() -> None:
    rows = read(d=np.array(["2026-01-02", "NaT"], "M8[ms]")).rows
    assert rows.ravel().tolist() == np.array(["2026-01-02", "NaT"], "M8[ms]").tolist()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", dt.timezone(dt.timedelta(hours=-3, minutes=-30))])
@pytest.mark.parametrize("digits", ["", ".000001", ".123456789", ".000000001"])
def test_times_keep_their_zone(zone: Any, digits: str) -> None:
    times = pd.to_datetime([f"2026-07-02T01:02:03{digits}", None]).as_unit("ns").tz_localize(zone)
    found = plain_array(read(d=times).columns[0])
    expected = pd.Series(times)[0].isoformat()
    assert found == [expected, None]


def test_a_zone_that_is_not_known_is_told() -> None:
    with pytest.raises(KeyError, match="Mars"):
        zoned(np.array([0], "M8[s]"), "Mars/Base")


def test_an_empty_frame_keeps_its_names() -> None:
    found = read(a=np.array([], "f8"))
    assert (found.names, found.rows.shape) == (["a"], (0, 1))
