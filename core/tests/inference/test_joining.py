"""The items of a stream as one answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.joining import JoinedItems
from seldon_runtime.inference.message import ARRAYS, NDARRAY, TENSOR, Kind, Message, Meta, Payload


def joined(*payloads: Payload | None, most_bytes: int = 10**6) -> Message:
    items = JoinedItems(most_bytes)
    for number, payload in enumerate(payloads):
        items.add(Message(payload, Meta(tags={"number": number})))
    return items.message()


def refusal(*payloads: Payload | None, most_bytes: int = 10**6) -> str:
    with pytest.raises(SeldonError) as caught:
        joined(*payloads, most_bytes=most_bytes)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
    return caught.value.message


@pytest.mark.parametrize("kind", list(Kind))
def test_one_item_is_the_answer_unchanged(kind: Kind) -> None:
    payload = Payload(kind, {"a": 1})
    assert joined(payload).payload is payload


@given(st.lists(st.text(), min_size=2))
def test_texts_follow_one_another(texts: list[str]) -> None:
    answer = joined(*[Payload(Kind.STR, text) for text in texts])
    assert answer.payload == Payload(Kind.STR, "".join(texts))
    assert answer.meta.tags == {"number": len(texts) - 1}


@given(st.lists(st.integers(0, 5), min_size=2, max_size=5), st.integers(0, 4))
def test_arrays_are_joined_along_their_first_axis(rows: list[int], columns: int) -> None:
    arrays = [np.full((count, columns), float(number)) for number, count in enumerate(rows)]
    payload: Any = joined(*[Payload(TENSOR, array, ["x"]) for array in arrays]).payload
    assert payload.kind is TENSOR
    assert payload.names == ["x"]
    assert np.array_equal(payload.value, np.concatenate(arrays))


def test_lists_and_arrays_make_a_list() -> None:
    payload: Any = joined(Payload(NDARRAY, [["a"]]), Payload(TENSOR, np.array([[1.0]]))).payload
    assert payload.value == [["a"], [1.0]]
    assert payload.kind is NDARRAY


def test_named_arrays_are_joined_by_name() -> None:
    items = [Payload(ARRAYS, {"a": np.ones(1), "b": np.zeros((2, 2))}) for _ in range(2)]
    payload: Any = joined(*items).payload
    assert {name: array.shape for name, array in payload.value.items()} == {"a": (2,), "b": (4, 2)}
    assert "different names" in refusal(items[0], Payload(ARRAYS, {"b": np.ones(1)}))


def test_other_items_are_an_error_that_says_so() -> None:
    assert "jsonData, expected arrays or text" in refusal(*[Payload(Kind.JSON, {})] * 2)
    assert "binData, expected arrays or text" in refusal(*[Payload(Kind.BINARY, b"")] * 2)
    assert "different kinds (strData, tensor)" in refusal(
        Payload(Kind.STR, "a"), Payload(TENSOR, np.ones((1, 1)))
    )
    assert "do not fit together" in refusal(
        Payload(TENSOR, np.ones((1, 1))), Payload(TENSOR, np.ones((1, 2)))
    )
    assert "no items" in refusal()
    assert "different kinds" in refusal(Payload(Kind.STR, "a"), None)


def test_the_memory_of_all_items_is_bounded() -> None:
    assert "take more than 1000 bytes" in refusal(*[Payload(Kind.STR, "x" * 300)] * 2, most_bytes=1000)
    big = Payload(ARRAYS, {"a": np.ones(100)})
    assert "SELDON_MAX_REQUEST_MEMORY" in refusal(big, big, most_bytes=1500)
