"""What a method returned, as a payload: the kinds table and the names rule of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Kind, Payload
from seldon_runtime.reply import default_names, pack

REQUESTS = [Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR, Kind.STR, Kind.BINARY, Kind.JSON, None]


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
        [b"raw"],
        np.array([1j]),
        np.array(["2026-01-01"], dtype="M8[D]"),
    ],
    ids=repr,
)
def test_what_is_not_numeric_answers_as_ndarray(result: Any, requested: Kind | None) -> None:
    payload = packed(result, requested)
    assert payload.kind is Kind.NDARRAY
    assert payload.value is result or payload.value == result


@pytest.mark.parametrize(
    "ragged", [[[1], [2, 3]], [[1], 2], [1, [2]], [[[1]], [[2, 3]]], [np.zeros(2), np.zeros(3)]]
)
def test_ragged_lists_are_answered_as_they_are(ragged: Any) -> None:
    for requested in REQUESTS:
        payload = packed(ragged, requested)
        assert (payload.kind, payload.names) == (Kind.NDARRAY, [])
        assert payload.value is not None
        assert len(payload.value) == len(ragged)


def test_lists_keep_their_integers_in_an_ndarray() -> None:
    payload = packed([[1, 2.5]], Kind.NDARRAY)
    assert payload.value == [[1, 2.5]]
    assert type(payload.value[0][0]) is int
    assert packed(((1, 2), (3, 4)), Kind.NDARRAY).value == [(1, 2), (3, 4)]


@pytest.mark.parametrize("empty", [[], (), np.array([])])
def test_an_empty_list_is_numeric(empty: Any) -> None:
    assert packed(empty, Kind.TENSOR).kind is Kind.TENSOR
    assert packed(empty, Kind.NDARRAY).kind is Kind.NDARRAY
    assert packed(empty).names == []


def test_an_array_without_dimensions_has_no_names() -> None:
    payload = packed(np.array(5))
    assert payload == Payload(Kind.TENSOR, np.array(5), [])
    assert payload.value.shape == ()


def test_special_arrays_become_plain_ones_where_they_must() -> None:
    matrix = np.asarray([[1, 2]]).view(np.matrix)
    masked = np.ma.masked_array([1, 2], [False, True])
    assert type(packed(matrix, Kind.TENSOR).value) is np.ndarray
    assert packed(matrix, Kind.NDARRAY).value is matrix
    assert type(packed(masked, Kind.TENSOR).value) is np.ndarray
    assert packed(masked, Kind.NDARRAY).value.tolist() == [1, None]


class Proto:
    DESCRIPTOR = "of a protobuf message"


def test_a_protobuf_message_is_custom_data() -> None:
    message = Proto()
    assert packed(message) == Payload(Kind.CUSTOM, message)


@pytest.mark.parametrize(
    "result", [None, 5, 1.5, True, {1, 2}, np.float64(1), np.int64(1), object(), range(3)]
)
def test_anything_else_is_the_components_failure(result: Any) -> None:
    with pytest.raises(SeldonError) as caught:
        packed(result)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    assert caught.value.message == (
        f"the component returned {type(result).__name__}, expected an array, list, text, bytes or dict"
    )


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
