"""Messages between nodes: as a wire would have carried them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers

from seldon_runtime.plugin import (
    ARRAYS,
    NDARRAY,
    TENSOR,
    TFTENSOR,
    ErrorCode,
    Kind,
    Limits,
    Message,
    Meta,
    Payload,
    SeldonError,
)
from seldon_runtime.protocols.v1.codec import plain_dumps
from seldon_runtime.protocols.v1.message import decode_message, encode_message
from seldon_runtime_graph.walk.edges import carried

VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(2**40), 2**40)


def over_the_wire(message):
    return decode_message(json.loads(plain_dumps(encode_message(message))), Limits())


@given(
    numbers.arrays(
        st.sampled_from(["f4", "f8", ">f8", "i1", "i4", "i8", "u1", "u4", "?"]),
        numbers.array_shapes(min_dims=1, max_dims=3, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_an_array_is_what_the_wire_would_have_brought(array):
    message = Message(Payload(NDARRAY, array, ["a"]))
    found, wanted = carried(message).payload, over_the_wire(message).payload
    assert found.value.dtype == wanted.value.dtype
    assert found.value.tolist() == wanted.value.tolist()
    assert found.names == wanted.names


@given(
    numbers.arrays(
        st.sampled_from(["f2", "f4", ">f4", "f8", "i1", "i2", "i4", ">i4", "i8", "u1", "u4", "u8", "?"]),
        numbers.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
        elements={"allow_nan": False},
    )
)
def test_a_tftensor_keeps_its_type(array):
    message = Message(Payload(TFTENSOR, array, ["a"]))
    found, wanted = carried(message).payload, over_the_wire(message).payload
    assert (found.kind, found.names) == (wanted.kind, wanted.names)
    assert found.value.dtype == wanted.value.dtype
    assert np.array_equal(found.value, wanted.value)
    assert found.value.flags.writeable
    assert not np.shares_memory(found.value, array)


def test_dates_are_text_for_the_next_node():
    found = carried(Message(Payload(NDARRAY, np.array(["2020-01-01"], "datetime64[D]"), [])))
    assert found.payload.value.tolist() == ["2020-01-01"]


@given(st.lists(st.lists(VALUES | st.text() | st.none() | st.booleans(), min_size=2, max_size=2), min_size=1))
def test_a_list_is_the_array_that_the_wire_would_have_brought(rows):
    message = Message(Payload(NDARRAY, rows, []))
    found, wanted = carried(message).payload.value, over_the_wire(message).payload.value
    assert found.dtype == wanted.dtype
    assert found.tolist() == wanted.tolist()


def test_what_is_carried_is_a_copy():
    array, names, document = np.array([[1.0]]), ["a"], {"a": [1]}
    found = carried(Message(Payload(TENSOR, array, names)))
    found.payload.value += 1
    found.payload.names.append("b")
    carried(Message(Payload(Kind.JSON, document))).payload.value["a"].append(2)
    named = carried(Message(Payload(ARRAYS, {"x": array})))
    named.payload.value["x"] += 1
    assert (array.tolist(), names, document) == ([[1.0]], ["a"], {"a": [1]})


def test_text_and_bytes_stay():
    for payload in (Payload(Kind.STR, "x"), Payload(Kind.BINARY, b"x")):
        assert carried(Message(payload)).payload is payload
    assert carried(Message(None)).payload is None


def test_the_meta_is_in_the_form_of_the_client_when_a_method_takes_it():
    message = Message(Payload(Kind.STR, "x"), Meta(tags={"a": 1}))
    assert carried(message).given_meta is None
    assert carried(message, wants_meta=True).given_meta == {"tags": {"a": 1}}
    assert carried(Message(Payload(Kind.STR, "x"), given_meta=[]), wants_meta=True).given_meta == []


@pytest.mark.parametrize("path", [{}, {"b": "b:1", "a": "a:1"}])
@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (NDARRAY, [[1, 2], [3]], "it is ragged"),
        (NDARRAY, np.array([1j]), "a value is complex"),
        (TFTENSOR, np.array([1j]), "the component returned a"),
        (Kind.JSON, {"k": 1j}, "a value is complex"),
    ],
)
def test_an_answer_that_no_wire_carries_is_refused_and_names_its_node(path, kind, value, reason):
    with pytest.raises(SeldonError) as raised:
        carried(Message(Payload(kind, value), Meta(request_path=path)))
    who = "the node 'b'" if path else "a node"
    assert raised.value.message.startswith(f"the answer of {who} cannot be passed on: {reason}")
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


def test_complex_numbers_in_named_arrays_are_refused():
    given = Message(Payload(ARRAYS, {"x": np.array([1j])}), Meta(request_path={"a": ""}))
    with pytest.raises(SeldonError, match=r"the answer of the node 'a' cannot be passed on: .* complex128"):
        carried(given)
