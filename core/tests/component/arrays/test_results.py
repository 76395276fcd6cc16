from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from seldon_runtime.component.arrays.results import pack_arrays, v1_result
from seldon_runtime.errors import ErrorCode, SeldonError


def packed(result: object) -> dict[str, Any]:
    return {
        name: (array.dtype.kind, array.tolist()) for name, array in pack_arrays(result, ["first"]).items()
    }


@dataclass
class Record:
    x: float
    day: dt.date


class Level(Enum):
    LOW = "low"


class Single:
    """A single value of PyArrow."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def as_py(self) -> Any:
        return self._value


FIELDS = np.array([(1, "x"), (2, "y")], [("a", int), ("b", "U1")])


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ([1, 2], {"first": ("i", [1, 2])}),
        ([[2**63 + 1], [1]], {"first": ("u", [[2**63 + 1], [1]])}),
        ([2**53 + 1, 0.5], {"first": ("O", [2**53 + 1, 0.5])}),
        ((1.5,), {"first": ("f", [1.5])}),
        ("text", {"first": ("O", ["text"])}),
        (b"\0\xff\0", {"first": ("O", [b"\0\xff\0"])}),
        ([b"a\0", b"b"], {"first": ("O", [b"a\0", b"b"])}),
        (["a", "bc"], {"first": ("O", ["a", "bc"])}),
        (True, {"first": ("b", [True])}),
        (np.float32(2), {"first": ("f", [2.0])}),
        ({"a": [1], "b": "x"}, {"a": ("i", [1]), "b": ("O", ["x"])}),
        ({"a": {"b": 1}}, {"first": ("O", [{"a": {"b": 1}}])}),
        ({}, {"first": ("O", [{}])}),
        ({True: 1, None: 2, Level.LOW: 3}, {"true": ("i", [1]), "null": ("i", [2]), "low": ("i", [3])}),
        ([[1], [1, 2]], {"first": ("O", [[1], [1, 2]])}),
        ([{"a": 1}, None], {"first": ("O", [{"a": 1}, None])}),
        ([pd.DataFrame({"a": [1]})], {"first": ("O", [[{"a": 1}]])}),
        ([np.ma.array([1, 2], mask=[0, 1])], {"first": ("O", [[1, None]])}),
        (pd.NA, {"first": ("O", [None])}),
        (pd.NaT, {"first": ("O", [None])}),
        (Single(None), {"first": ("O", [None])}),
        (np.matrix([[1, 2]]), {"first": ("i", [[1, 2]])}),
        (FIELDS, {"a": ("i", [1, 2]), "b": ("U", ["x", "y"])}),
        (FIELDS.view(np.recarray), {"a": ("i", [1, 2]), "b": ("U", ["x", "y"])}),
        (FIELDS[0], {"a": ("i", [1]), "b": ("O", ["x"])}),
        (scipy.sparse.dok_array((1, 2)), {"first": ("f", [[0.0, 0.0]])}),
        ({2, 1}, {"first": ("i", [1, 2])}),
        (pd.Series([1.5, 2.0]), {"first": ("f", [1.5, 2.0])}),
        (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), {"a": ("i", [1, 2]), "b": ("O", ["x", "y"])}),
        (pd.DataFrame([[1, 2.5]]), {"first": ("f", [[1, 2.5]])}),
        (pd.DataFrame([["a", "b"]]), {"first": ("O", [["a", "b"]])}),
        (pd.DataFrame([[1, "b"]]), {"first:0": ("i", [1]), "first:1": ("O", ["b"])}),
        (Record(1.5, dt.date(2026, 1, 2)), {"x": ("f", [1.5]), "day": ("O", ["2026-01-02"])}),
        (Level.LOW, {"first": ("O", ["low"])}),
        (dt.timedelta(hours=1), {"first": ("O", ["PT1H"])}),
        (memoryview(b"a\xff"), {"first": ("O", [b"a\xff"])}),
        ({"a": pd.Series([1, 2])}, {"a": ("i", [1, 2])}),
        (pd.Series([[1, 2], [3, 4]]), {"first": ("i", [[1, 2], [3, 4]])}),
        ({"a": pd.Series([[1, 2], [3, 4]])}, {"a": ("i", [[1, 2], [3, 4]])}),
        (pd.DataFrame({"a": [[1, 2], [3, 4]]}), {"a": ("i", [[1, 2], [3, 4]])}),
        (pd.Series([True, False], dtype=object), {"first": ("b", [True, False])}),
        (pd.DataFrame({"a": pd.Series([], dtype="str")}), {"a": ("O", [])}),
        (pd.Series([], dtype="str"), {"first": ("O", [])}),
        ({"a": Single(1.5), "b": Single("x")}, {"a": ("f", [1.5]), "b": ("O", ["x"])}),
        ({"a": Single({"b": 1})}, {"first": ("O", [{"a": {"b": 1}}])}),
        (scipy.sparse.csr_array(np.eye(2)), {"first": ("f", [[1.0, 0.0], [0.0, 1.0]])}),
    ],
)
def test_each_result_becomes_arrays(result: object, wanted: dict[str, Any]) -> None:
    assert packed(result) == wanted


def test_an_array_stays_the_same_object_whatever_its_type() -> None:
    for array in (np.ones((2, 0)), np.array([b"a"], object), np.zeros(2, np.float16)):
        assert pack_arrays(array, ["first"])["first"] is array


def test_masked_values_are_nan() -> None:
    (array,) = pack_arrays(np.ma.array([1, 2], mask=[True, False]), ["first"]).values()
    assert np.isnan(array[0])
    assert array[1] == 2


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (np.ma.array([True, False], mask=[0, 1]), [True, None]),
        (np.ma.array(["a", "b"], mask=[0, 1]), ["a", None]),
        (np.ma.array([2**60 + 1, 2], mask=[0, 1]), [2**60 + 1, None]),
        (
            np.ma.array([(1, 0.5)], [("a", int), ("b", float)], mask=[(0, 1)]).reshape(1, 1),
            [[{"a": 1, "b": None}]],
        ),
    ],
)
def test_masked_values_that_are_not_numbers_are_none(array: Any, wanted: Any) -> None:
    assert packed(array) == {"first": ("O", wanted)}


def test_masked_dates_stay_dates() -> None:
    (dates,) = pack_arrays(
        np.ma.array(["2026-01-02", "2026-01-03"], "M8[D]", mask=[0, 1]), ["first"]
    ).values()
    np.testing.assert_equal(dates, np.array(["2026-01-02", "NaT"], "M8[D]"))


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


@pytest.mark.parametrize(
    "result",
    [
        object(),
        ENDLESS,
        {(1, 2): 1},
        {b"x": 1},
        {1: "a", "1": "b"},
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
    ],
)
def test_another_result_is_the_components_fault(result: object) -> None:
    with pytest.raises(SeldonError) as error:
        pack_arrays(result, ["first"])
    assert error.value.code is ErrorCode.COMPONENT_FAILED


def test_a_v1_client_receives_one_array_or_lists_by_name() -> None:
    array = np.array([1.5])
    assert v1_result({"a": array}) is array
    several = v1_result({"a": array, "b": np.array([b"x", "y"], object)})
    assert json.loads(json.dumps(several)) == {"a": [1.5], "b": ["x", "y"]}


def test_a_v1_client_receives_one_value_of_bytes_or_an_object_as_it_is() -> None:
    assert v1_result({"a": np.array([b"\xff\xfe"], object)}) == b"\xff\xfe"
    assert v1_result({"a": np.array([b"x"], object)}).tolist() == ["x"]
    assert v1_result(pack_arrays({"a": {"b": 1}}, ["first"])) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "arrays",
    [{"a": np.array([b"\xff", b"a"])}, {"a": np.array([b"\xff"], object), "b": np.array([1])}],
)
def test_bytes_that_are_not_text_are_an_error_for_a_v1_client(arrays: Any) -> None:
    with pytest.raises(SeldonError, match="the output 'a' has bytes that are not UTF-8") as error:
        v1_result(arrays)
    assert error.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("dtype", ["int64", "uint64", "int8", "float32"])
def test_numbers_that_are_all_masked_are_nan(dtype: str) -> None:
    array = np.ma.array(np.array([1, 2], dtype), mask=[True, True])
    assert np.isnan(pack_arrays(array, ["y"])["y"]).all()
