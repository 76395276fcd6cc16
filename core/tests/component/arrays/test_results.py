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


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ([1, 2], {"first": ("i", [1, 2])}),
        ((1.5,), {"first": ("f", [1.5])}),
        ("text", {"first": ("O", ["text"])}),
        (b"\0\xff\0", {"first": ("O", [b"\0\xff\0"])}),
        ([b"a\0", b"b"], {"first": ("O", [b"a\0", b"b"])}),
        (["a", "bc"], {"first": ("O", ["a", "bc"])}),
        (True, {"first": ("b", [True])}),
        (np.float32(2), {"first": ("f", [2.0])}),
        ({"a": [1], "b": "x"}, {"a": ("i", [1]), "b": ("O", ["x"])}),
        ({"a": {"b": 1}}, {"first": ("O", ['{"a": {"b": 1}}'])}),
        ({}, {"first": ("O", ["{}"])}),
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


@pytest.mark.parametrize("result", [[[1], [1, 2]], object(), pd.DataFrame([[1, 2]], columns=["a", "a"])])
def test_another_result_is_the_components_fault(result: object) -> None:
    with pytest.raises(SeldonError) as error:
        pack_arrays(result, ["first"])
    assert error.value.code is ErrorCode.COMPONENT_FAILED


def test_a_v1_client_receives_one_array_or_lists_by_name() -> None:
    array = np.array([1.5])
    assert v1_result({"a": array}) is array
    several = v1_result({"a": array, "b": np.array([b"x", "y"], object)})
    assert json.loads(json.dumps(several)) == {"a": [1.5], "b": ["x", "y"]}
