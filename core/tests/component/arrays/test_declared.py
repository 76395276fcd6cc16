from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.arrays.declared import as_declared, declared
from seldon_runtime.errors import SeldonError


def test_only_tensors_with_a_datatype_are_declared() -> None:
    tensor = {"name": "a", "datatype": "FP32", "shape": [1]}
    assert declared([tensor]) == {"a": "FP32"}
    assert declared([tensor, {"messagetype": "strData"}]) == {}


@pytest.mark.parametrize(
    ("given", "datatype", "wanted"),
    [
        ([1.5], "FP32", np.array([1.5], np.float32)),
        ([1, 2], "FP64", np.array([1.0, 2.0])),
        ([1.0], "INT8", np.array([1], np.int8)),
        ([255], "UINT8", np.array([255], np.uint8)),
        ([1, 0], "BOOL", np.array([True, False])),
        ([True], "INT32", np.array([1], np.int32)),
        ([1], None, np.array([1])),
        ([1], "BF16", np.array([1])),
    ],
)
def test_an_array_becomes_one_of_the_declared_datatype(given: Any, datatype: Any, wanted: Any) -> None:
    made = as_declared(np.array(given), datatype, "x")
    assert made.dtype == wanted.dtype
    assert made.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("given", "datatype"),
    [
        ([256], "UINT8"),
        ([-1], "UINT64"),
        ([1.5], "INT32"),
        ([np.nan], "INT32"),
        (["a"], "FP32"),
        ([2], "BOOL"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(given: Any, datatype: str) -> None:
    with pytest.raises(SeldonError, match=f"the input 'x' has a value that is not {datatype}"):
        as_declared(np.array(given), datatype, "x")


@pytest.mark.parametrize("datatype", [None, "BYTES"])
def test_text_becomes_bytes(datatype: str | None) -> None:
    made = as_declared(np.array([["a", "é"]]), datatype, "x")
    assert made.tolist() == [[b"a", "é".encode()]]
    with pytest.raises(SeldonError, match="has int, expected text only"):
        as_declared(np.array(["a", 1], object), datatype, "x")
    with pytest.raises(SeldonError, match="lone surrogate"):
        as_declared(np.array(["\ud800"], object), datatype, "x")
