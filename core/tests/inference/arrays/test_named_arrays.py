from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import ARRAYS, NDARRAY, Kind, Payload


def single(**arrays: Any) -> Payload:
    return as_single(Payload(ARRAYS, {name: np.asarray(array) for name, array in arrays.items()}, ["n"]))


def test_one_array_is_itself_with_the_names_of_the_payload() -> None:
    array = np.ones((2, 3, 4))
    made = single(a=array)
    assert (made.kind, made.value is array, made.names) == (NDARRAY, True, ["n"])


def test_columns_become_a_table_of_their_common_type() -> None:
    made = single(a=np.array([1, 2], np.int32), b=np.array([[0.5], [1.5]], np.float32))
    assert made.value.tolist() == [[1, 0.5], [2, 1.5]]
    assert made.value.dtype == np.float64
    assert made.names == ["a", "b"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.array([2**64 - 1], np.uint64), np.array([-1])),
        (np.array([2**53 + 1]), np.array([0.5], np.float32)),
        (np.array(["2026-01-02"], "M8[us]"), np.array([1])),
    ],
)
def test_columns_whose_common_type_would_alter_values_make_objects(a: Any, b: Any) -> None:
    made = single(a=a, b=b)
    assert made.value.dtype == object
    assert made.value.tolist() == [[*a, *b]]


def test_columns_of_types_of_other_libraries_are_floats() -> None:
    made = single(a=np.array([1.5], ml_dtypes.bfloat16), b=np.array([2**40]))
    assert (made.value.dtype, made.value.tolist()) == (np.float64, [[1.5, 2**40]])


def test_a_column_of_text_makes_objects() -> None:
    made = single(a=[1, 2], b=np.array(["x", "y"], object))
    assert made.value.tolist() == [[1, "x"], [2, "y"]]


@pytest.mark.parametrize(
    ("a", "b"),
    [([1, 2], [1]), ([[1, 2]], [1]), (1, 1), ([[[1]]], [1]), (np.ones((2, 2)), np.ones((2, 2)))],
)
def test_other_arrays_need_infer(a: Any, b: Any) -> None:
    with pytest.raises(SeldonError, match=r"the request has 2 inputs \(a .*\), expected one, or columns"):
        single(a=a, b=b)


def test_other_payloads_stay() -> None:
    payload = Payload(Kind.STR, "x")
    assert as_single(payload) is payload
