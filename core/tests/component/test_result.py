"""What a method returned, as a payload: the kinds table and the names rule of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from PIL import Image

from seldon_runtime.component.result import default_names, pack
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.message import Kind, Payload

REQUESTS = [Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR, Kind.STR, Kind.BINARY, Kind.JSON, None]


class Lazy:
    """Computes its values on demand, as Polars' lazy frames do."""

    def collect(self) -> list[int]:
        return [1]


class Unknown:
    """A class of the user without a clear form."""


class Missing:
    """A missing value of PyArrow."""

    def as_py(self) -> None:
        return None


@dataclass
class Point:
    x: int
    day: date


def unnamed() -> None:
    return None


def packed(result: Any, requested: Kind | None = None) -> Payload:
    return pack(result, requested, unnamed)


@pytest.mark.parametrize("requested", REQUESTS)
@pytest.mark.parametrize(
    ("result", "kind", "value"),
    [
        ("text", Kind.STR, "text"),
        (np.str_("text"), Kind.STR, "text"),
        ("", Kind.STR, ""),
        (b"\x00", Kind.BINARY, b"\x00"),
        (bytearray(b"\x00"), Kind.BINARY, b"\x00"),
        ({"a": [1]}, Kind.JSON, {"a": [1]}),
        ({}, Kind.JSON, {}),
        (MappingProxyType({"a": np.int8(1)}), Kind.JSON, {"a": 1}),
        (Point(1, date(2026, 1, 2)), Kind.JSON, {"x": 1, "day": "2026-01-02"}),
    ],
)
def test_text_bytes_and_dicts_have_their_own_kind_whatever_was_asked(
    result: Any, kind: Kind, value: Any, requested: Kind | None
) -> None:
    assert packed(result, requested) == Payload(kind, value)


NUMERIC = [np.array([1.5]), np.array([1], np.int8), np.array([1], np.uint64), np.array([1], np.float16)]


@pytest.mark.parametrize("array", NUMERIC, ids=lambda array: str(array.dtype))
@pytest.mark.parametrize(
    ("requested", "kind"),
    [
        (Kind.TENSOR, Kind.TENSOR),
        (Kind.NDARRAY, Kind.NDARRAY),
        (Kind.TFTENSOR, Kind.TFTENSOR),
        (Kind.STR, Kind.TENSOR),
        (Kind.BINARY, Kind.TENSOR),
        (Kind.JSON, Kind.TENSOR),
        (None, Kind.TENSOR),
    ],
)
def test_numbers_answer_in_the_array_kind_of_the_request(
    array: np.ndarray[Any, Any], requested: Kind | None, kind: Kind
) -> None:
    assert packed(array, requested) == Payload(kind, array, [])
    as_list = packed(array.tolist(), requested)
    assert as_list.kind is kind
    assert np.asarray(as_list.value).tolist() == array.tolist()
    assert packed(tuple(array.tolist()), requested).kind is kind


@pytest.mark.parametrize("requested", REQUESTS)
@pytest.mark.parametrize(
    "result",
    [
        [True, False],
        np.array([True]),
        ["a", "b"],
        np.array(["a"]),
        [1, "a"],
        [None],
        [{"a": 1}],
        np.array([1, None], dtype=object),
        [2**64],
        np.array(["2026-01-01"], dtype="M8[D]"),
    ],
    ids=repr,
)
def test_what_is_not_numeric_answers_as_ndarray(result: Any, requested: Kind | None) -> None:
    payload = packed(result, requested)
    assert payload.kind is Kind.NDARRAY
    assert np.asarray(payload.value).tolist() == np.asarray(result).astype(payload_type(result)).tolist()


def payload_type(result: Any) -> str | type:
    """Dates become text; other values stay."""
    is_date = isinstance(result, np.ndarray) and result.dtype.kind == "M"
    return str if is_date else np.asarray(result).dtype.type


@pytest.mark.parametrize("requested", REQUESTS)
@pytest.mark.parametrize("result", [[b"raw"], np.array([b"raw"]), np.array([1j]), {"a": {1j}}, [[1], [b""]]])
def test_a_value_that_no_message_holds_is_the_components_failure(result: Any, requested: Kind | None) -> None:
    with pytest.raises(SeldonError, match="the component's answer cannot be written: a value is") as caught:
        packed(result, requested)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


def test_a_value_that_contains_itself_is_the_components_failure() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(SeldonError, match="contains itself"):
        packed({"a": circle})


@pytest.mark.parametrize(
    "ragged", [[[1], [2, 3]], [[1], 2], [1, [2]], [[[1]], [[2, 3]]], [np.zeros(2), np.zeros(3)]]
)
def test_ragged_lists_are_answered_as_they_are(ragged: Any) -> None:
    for requested in REQUESTS:
        payload = packed(ragged, requested)
        assert (payload.kind, payload.names) == (Kind.NDARRAY, [])
        assert payload.value is not None
        assert len(payload.value) == len(ragged)


@pytest.mark.parametrize(
    ("result", "kind", "listed"),
    [
        ([[2**63 + 1], [1]], Kind.TENSOR, [[2**63 + 1], [1]]),
        ([[2**63 + 1], [-1]], Kind.NDARRAY, [[2**63 + 1], [-1]]),
        ([[2**53 + 1, 0.5]], Kind.NDARRAY, [[2**53 + 1, 0.5]]),
        (np.ma.array([[2**53 + 1, 1]], mask=[[0, 1]]), Kind.NDARRAY, [[2**53 + 1, None]]),
        ([np.ma.array([2**53 + 1, 1], mask=[0, 1])], Kind.NDARRAY, [[2**53 + 1, None]]),
        ([np.ma.array([2**53 + 1, 1], mask=[0, 0])], Kind.TENSOR, [[2**53 + 1, 1]]),
    ],
)
def test_whole_numbers_that_floats_cannot_hold_keep_their_digits(
    result: Any, kind: Kind, listed: list[Any]
) -> None:
    payload = packed(result)
    assert (payload.kind, np.asarray(payload.value, object).tolist()) == (kind, listed)


def test_lists_keep_their_integers_in_an_ndarray() -> None:
    payload = packed([[1, 2.5]], Kind.NDARRAY)
    assert payload.value == [[1, 2.5]]
    assert type(payload.value[0][0]) is int
    assert packed(((1, 2), (3, 4)), Kind.NDARRAY).value == [[1, 2], [3, 4]]


@pytest.mark.parametrize("empty", [[], (), np.array([])])
def test_an_empty_list_is_numeric(empty: Any) -> None:
    assert packed(empty, Kind.TENSOR).kind is Kind.TENSOR
    assert packed(empty, Kind.NDARRAY).kind is Kind.NDARRAY
    assert packed(empty).names == []


def test_an_array_without_dimensions_has_no_names() -> None:
    payload = packed(np.array(5))
    assert payload == Payload(Kind.TENSOR, np.array(5), [])
    assert payload.value.shape == ()


@pytest.mark.parametrize("requested", [Kind.TENSOR, Kind.NDARRAY])
def test_a_matrix_becomes_an_array(requested: Kind) -> None:
    value = packed(np.asarray([[1, 2]]).view(np.matrix), requested).value
    assert type(value) is np.ndarray
    assert value.tolist() == [[1, 2]]


MASKED = [
    np.ma.masked_array([1.0, -999.0], [False, True]),
    np.ma.masked_array([1, -999], [False, True]),
    [np.ma.masked_array(1.0), np.ma.masked],
]


@pytest.mark.parametrize("masked", MASKED, ids=repr)
def test_a_masked_value_is_null_in_a_list_and_nan_in_a_tensor(masked: Any) -> None:
    assert packed(masked, Kind.NDARRAY).value == [1, None]
    for requested in (None, Kind.TENSOR, Kind.TFTENSOR):
        value = packed(masked, requested).value
        assert type(value) is np.ndarray
        np.testing.assert_array_equal(value, [1.0, np.nan])


@pytest.mark.parametrize(
    ("masked", "listed"),
    [
        (np.ma.masked_array(["a", "hidden"], [False, True]), ["a", None]),
        (np.ma.masked_array([True, False], [False, True]), [True, None]),
        ([[1, 2], np.ma.masked_array(["x", "hidden"], [False, True])], [[1, 2], ["x", None]]),
        ([np.ma.masked_array([1, 2], [False, True]), [3]], [[1, None], [3]]),
    ],
)
def test_masked_values_beside_other_types_are_null(masked: Any, listed: Any) -> None:
    payload = packed(masked, Kind.TENSOR)
    assert (payload.kind, payload.value) == (Kind.NDARRAY, listed)


def test_a_masked_array_without_masked_values_is_a_plain_array() -> None:
    payload = packed(np.ma.masked_array([1, 2], [False, False]), Kind.NDARRAY)
    assert type(payload.value) is np.ndarray
    assert payload.value.tolist() == [1, 2]


class Proto:
    DESCRIPTOR = "of a protobuf message"


def test_a_protobuf_message_is_custom_data() -> None:
    message = Proto()
    assert packed(message) == Payload(Kind.CUSTOM, message)


@pytest.mark.parametrize(
    ("result", "remedy"),
    [
        (Lazy, "Return an instance of it, or its name"),
        (Unknown(), "Make its class a dataclass, or return vars(value)"),
        (object(), "Return str(value), or a dict of its parts"),
        (ValueError("x"), r"Raise it, or return str(value)"),
        ((i for i in "ab"), "Return list(value)"),
        (1j, "Return its .real and .imag"),
        (int, "Return an instance of it, or its name"),
        (Lazy(), "Return value.collect()"),
    ],
)
def test_anything_else_is_refused_with_the_way_to_convert_it(result: Any, remedy: str) -> None:
    with pytest.raises(SeldonError) as caught:
        packed(result)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert caught.value.message == (
        f"the component returned {type(result).__name__}, expected an array, table, list, number, text, "
        f"bytes, dict, record or image. {remedy}"
    )


def test_a_method_without_a_return_statement_is_named_as_the_reason() -> None:
    with pytest.raises(SeldonError, match="the method may lack a return statement"):
        packed(None)


@pytest.mark.parametrize("single", [5, 1.5, True, np.float32(1.5), np.int64(5), np.bool_(True)])
@pytest.mark.parametrize("requested", [Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR])
def test_a_single_value_answers_data_as_one_row_and_one_column(single: Any, requested: Kind) -> None:
    found = packed(single, requested)
    assert found.kind is (Kind.NDARRAY if isinstance(single, bool | np.bool_) else requested)
    assert np.asarray(found.value).tolist() == [[single]]
    assert found.names == ("t:0",)


@pytest.mark.parametrize("requested", [Kind.STR, Kind.BINARY, Kind.JSON, None])
def test_a_single_value_answers_other_requests_as_json(requested: Kind | None) -> None:
    assert packed(np.float64(1.5), requested) == Payload(Kind.JSON, 1.5)
    assert packed(True, requested) == Payload(Kind.JSON, True)


def test_a_sparse_array_with_more_values_than_the_limit_is_refused_before_it_is_made() -> None:
    huge = scipy.sparse.csr_array((1_000_000, 1_000_000))
    with pytest.raises(SeldonError, match="has 1000000000000 values with its zeros, at most 20000000"):
        packed(huge)
    assert packed(scipy.sparse.csr_array((2, 3))).value.tolist() == [[0, 0, 0], [0, 0, 0]]
    with pytest.raises(SeldonError, match="at most 5"):
        pack(scipy.sparse.csr_array((2, 3)), None, unnamed, 5)


@pytest.mark.parametrize(
    ("result", "names"),
    [
        ([[1, 2, 3]], ["t:0", "t:1", "t:2"]),
        (np.zeros((1, 2, 5)), ["t:0", "t:1"]),
        (np.zeros((0, 2)), ["t:0", "t:1"]),
        ([[]], []),
        ([[True], [False]], ["t:0"]),
        ([1, 2], []),
        ("text", []),
        ({}, []),
    ],
)
def test_columns_without_names_are_numbered_from_two_dimensions_on(result: Any, names: list[str]) -> None:
    assert list(packed(result).names or ()) == names


@pytest.mark.parametrize("own", [["a"], ("a", "b"), [], [1, None]])
def test_the_components_names_are_taken_unchecked_from_two_dimensions_on(own: Sequence[Any]) -> None:
    asked: list[bool] = []

    def names() -> Sequence[Any]:
        asked.append(True)
        return own

    assert pack([[1, 2, 3]], None, names).names == own
    assert pack(["a"], None, names).names == []
    assert pack("text", None, names).names == ()
    assert asked == [True]


def test_names_of_wide_answers_are_not_kept_in_memory() -> None:
    assert default_names(3) is default_names(3)
    assert default_names(5000) is not default_names(5000)
    assert default_names(5000)[-1] == "t:4999"


def test_a_missing_value_alone_is_null() -> None:
    for missing in (pd.NA, pd.NaT):
        assert packed(missing) == Payload(Kind.JSON, None)
        assert packed(missing, Kind.NDARRAY).value == [[None]]


def test_a_list_that_contains_itself_or_nests_too_deeply_is_the_components_failure() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    for value in (endless, deep, [1, endless]):
        with pytest.raises(SeldonError, match="it contains itself, or nests too deeply") as caught:
            packed(value)
        assert caught.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("requested", [Kind.TENSOR, Kind.NDARRAY, None])
def test_a_list_of_images_is_refused_whatever_was_asked(requested: Kind | None) -> None:
    with pytest.raises(SeldonError, match="an image, which JSON cannot hold"):
        packed([Image.new("RGB", (1, 1))], requested)


def test_a_missing_value_of_pyarrow_is_null() -> None:
    assert packed(Missing()).value is None
