"""Tables that a method returned, as a payload: frames, structured arrays, and sparse arrays by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from seldon_runtime.component.result import pack
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.message import Kind, Payload


def packed(result: Any, requested: Kind | None = None) -> Payload:
    return pack(result, requested, lambda: None)


def test_the_columns_of_a_frame_are_named_before_the_component_names_them() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert pack(frame, None, lambda: ["own"]) == Payload(Kind.NDARRAY, [[1, "x"], [2, None]], ["a", "b"])
    assert pack(pd.DataFrame([[1, 2]]), Kind.NDARRAY, lambda: ["own", "names"]).names == ["own", "names"]


FIELDS = np.array([(1, 0.5), (2, 1.5)], [("a", int), ("b", float)])


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (FIELDS, [[1, 0.5], [2, 1.5]]),
        (FIELDS.view(np.recarray), [[1, 0.5], [2, 1.5]]),
        (np.ma.array(FIELDS, mask=[(0, 1), (0, 0)]), [[1, np.nan], [2, 1.5]]),
    ],
)
def test_the_fields_of_a_structured_array_are_columns(result: Any, value: Any) -> None:
    found = packed(result, Kind.NDARRAY)
    assert (found.kind, found.names) == (Kind.NDARRAY, ["a", "b"])
    np.testing.assert_equal(found.value, value)


def test_a_record_of_a_structured_array_is_an_object() -> None:
    assert packed(FIELDS[0], Kind.NDARRAY) == Payload(Kind.JSON, {"a": 1, "b": 0.5})


def test_frames_and_structured_arrays_in_a_list_are_lists_of_objects() -> None:
    found = packed([pd.DataFrame({"a": [1]}), FIELDS[["a"]][:1]], Kind.NDARRAY)
    assert found.value == [[{"a": 1}], [{"a": 1}]]


@pytest.mark.parametrize("requested", [Kind.TENSOR, Kind.NDARRAY])
@pytest.mark.parametrize("make", [scipy.sparse.dok_array, scipy.sparse.dok_matrix])
def test_a_sparse_array_by_keys_is_an_array(make: Any, requested: Kind) -> None:
    empty, filled = make((1, 2)), make(np.array([[0.0, 1.5]]))
    assert packed(empty, requested).value.tolist() == [[0.0, 0.0]]
    assert packed(filled, requested).value.tolist() == [[0.0, 1.5]]
    with pytest.raises(SeldonError, match="which is sparse"):
        packed({"m": filled})
