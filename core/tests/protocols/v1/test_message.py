"""The v1 protocol's messages: what is written can be read, and what is wrong is named."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import NO_META, Kind, Message, Meta, Payload
from seldon_runtime.protocols.v1.codec import plain_dumps
from seldon_runtime.protocols.v1.message import decode_message, decode_messages, encode_message

LIMITS = Limits()
FINITE: dict[str, Any] = {"allow_nan": False, "allow_infinity": False}


def over_the_wire(message: Message) -> Message:
    return decode_message(json.loads(plain_dumps(encode_message(message))), LIMITS)


def refusal(value: object) -> str:
    with pytest.raises(SeldonError) as caught:
        decode_message(value, LIMITS)
    assert caught.value.code is ErrorCode.BAD_DATA
    return caught.value.message


def numbers(*dtypes: str, min_side: int = 1) -> st.SearchStrategy[npt.NDArray[Any]]:
    shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=min_side)
    return st.sampled_from(dtypes).flatmap(
        lambda dtype: arrays.arrays(dtype, shapes, elements=FINITE if np.dtype(dtype).kind == "f" else None)
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(**FINITE) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
METAS = st.builds(
    Meta,
    puid=TEXT,
    tags=st.dictionaries(TEXT, JSON, max_size=3),
    request_path=st.dictionaries(TEXT, TEXT, max_size=3),
    metrics=st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=2),
)
NAMES = st.lists(TEXT, max_size=3)


@given(numbers("i8", "i4", ">i4", "u2", "f8", "f4", "f2", ">f8", "?"), NAMES, METAS)
def test_an_ndarray_comes_back(array: npt.NDArray[Any], names: list[str], meta: Meta) -> None:
    back = over_the_wire(Message(Payload(Kind.NDARRAY, array, names), meta))
    assert back.payload is not None
    assert (back.payload.kind, back.payload.names, back.meta) == (Kind.NDARRAY, names, meta)
    assert back.payload.value.shape == array.shape
    np.testing.assert_array_equal(back.payload.value, array)


@given(numbers("i8", "u4", "f8", "f4", ">f4", min_side=0), NAMES)
def test_a_tensor_comes_back_with_its_shape(array: npt.NDArray[Any], names: list[str]) -> None:
    back = over_the_wire(Message(Payload(Kind.TENSOR, array, names)))
    assert back.payload is not None
    assert (back.payload.kind, back.payload.names) == (Kind.TENSOR, names)
    assert back.payload.value.shape == array.shape
    np.testing.assert_array_equal(back.payload.value, array)


@given(numbers("i8", "u1", "f8", "f4", "f2", "?", min_side=0), NAMES)
def test_a_tftensor_comes_back_with_its_type(array: npt.NDArray[Any], names: list[str]) -> None:
    back = over_the_wire(Message(Payload(Kind.TFTENSOR, array, names)))
    assert back.payload is not None
    assert (back.payload.kind, back.payload.value.dtype) == (Kind.TFTENSOR, array.dtype)
    np.testing.assert_array_equal(back.payload.value, array, strict=True)


@given(
    st.builds(Payload, st.just(Kind.STR), TEXT)
    | st.builds(Payload, st.just(Kind.BINARY), st.binary())
    | st.builds(Payload, st.just(Kind.JSON), JSON),
    METAS,
)
def test_other_kinds_come_back(payload: Payload, meta: Meta) -> None:
    back = over_the_wire(Message(payload, meta))
    assert (back.payload, back.meta) == (payload, meta)


@pytest.mark.parametrize(
    ("array", "written"),
    [
        (np.float32(0.1).reshape(1), [float(np.float32(0.1))]),
        (np.arange(6).reshape(2, 3).T, [[0, 3], [1, 4], [2, 5]]),
        (np.array(5), 5),
        (np.array([["a"]]), [["a"]]),
        (np.array([1, None], dtype=object), [1, None]),
        (np.asarray([[1, 2]]).view(np.matrix), [[1, 2]]),
        (np.ma.masked_array([1, 2], [False, True]), [1, None]),
        ([[1], [2.5, "a"]], [[1], [2.5, "a"]]),
    ],
)
def test_an_ndarray_is_written_as_the_component_meant_it(array: Any, written: Any) -> None:
    body = json.loads(plain_dumps(encode_message(Message(Payload(Kind.NDARRAY, array, [])))))
    assert body == {"data": {"names": [], "ndarray": written}, "meta": {}}


def test_arrays_are_left_to_fast_writers_in_a_form_they_know() -> None:
    for array in (np.zeros((2, 3), ">f4").T, np.zeros(4, ">i2")[::2], np.zeros(2, np.longdouble)):
        for kind, place in ((Kind.NDARRAY, "ndarray"), (Kind.TENSOR, "tensor")):
            data = encode_message(Message(Payload(kind, array)))["data"][place]
            written = data if place == "ndarray" else data["values"]
            assert type(written) is np.ndarray
            assert written.flags.c_contiguous
            assert written.dtype.isnative
            assert written.dtype.str[1:] in ("f8", "i2")


def test_a_message_without_payload_is_only_meta() -> None:
    assert encode_message(Message(None)) == {"meta": {}}
    meta = Meta(puid="p", routing={"a": 1})
    assert encode_message(Message(None, meta)) == {"meta": {"puid": "p", "routing": {"a": 1}}}


def test_custom_data_cannot_be_written() -> None:
    with pytest.raises(SeldonError, match="customData cannot be written as JSON") as caught:
        encode_message(Message(Payload(Kind.CUSTOM, object())))
    assert caught.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"jsonData": None}, Kind.JSON),
        ({"jsonData": None, "strData": "s", "meta": {}}, Kind.STR),
        ({"data": {"ndarray": [1]}, "jsonData": None, "strData": None, "binData": None}, Kind.NDARRAY),
        ({"data": {"ndarray": [1], "tensor": None, "tftensor": None}}, Kind.NDARRAY),
        ({"meta": {}, "status": {}, "strData": "s"}, Kind.STR),
        ({"data": {"ndarray": [1], "other": 1}, "unknown": 1}, Kind.NDARRAY),
    ],
)
def test_null_beside_a_payload_is_no_payload(body: Any, kind: Kind) -> None:
    payload = decode_message(body, LIMITS).payload
    assert payload is not None
    assert payload.kind is kind


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"strData": "s", "data": {"ndarray": [1]}},
            "the request has data and strData, expected one of them",
        ),
        ({"strData": "s", "binData": "", "meta": {}}, "the request has strData and binData"),
        ({"jsonData": 0, "strData": "", "data": None}, "the request has jsonData and strData"),
        ({"data": {"tftensor": {}, "ndarray": []}}, "data has ndarray and tftensor, expected one of them"),
        (
            {"data": {"names": [], "ndarray": [], "tensor": {"shape": [0], "values": []}}},
            "data has tensor and ndarray",
        ),
    ],
)
def test_two_payloads_are_refused_for_one_would_be_lost(body: Any, words: str) -> None:
    with pytest.raises(SeldonError, match=words) as caught:
        decode_message(body, LIMITS)
    assert caught.value.code is ErrorCode.BAD_DATA


def test_names_are_kept_as_sent() -> None:
    for given_names, names in (({}, ()), ({"names": None}, None), ({"names": [1, None]}, [1, None])):
        payload = decode_message({"data": {"ndarray": [1], **given_names}}, LIMITS).payload
        assert payload is not None
        assert payload.names == names


def test_meta_may_be_absent_or_null_and_is_kept_as_it_stood() -> None:
    for body in ({"strData": ""}, {"strData": "", "meta": None}):
        assert decode_message(body, LIMITS) == Message(Payload(Kind.STR, ""), NO_META, None)
    meta: dict[str, Any] = {
        "puid": 5,
        "tags": None,
        "routing": {"a": 1},
        "requestPath": None,
        "metrics": None,
        "odd": [],
    }
    message = decode_message({"strData": "", "meta": meta}, LIMITS)
    assert message.given_meta is meta
    assert message.meta == Meta(puid=5, routing={"a": 1}, metrics=[])


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_base64_may_be_broken_into_lines(line: str) -> None:
    text = line.join(["AAEC", "AwQ=", ""])
    assert decode_message({"binData": text}, LIMITS).payload == Payload(Kind.BINARY, bytes(range(5)))


def test_an_aggregate_takes_a_list_or_an_object_with_one() -> None:
    messages = [{"strData": "a"}, {"binData": base64.b64encode(b"b").decode()}]
    for body in (messages, {"seldonMessages": messages}):
        decoded = decode_messages(body, LIMITS)
        assert [message.payload and message.payload.value for message in decoded] == ["a", b"b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "seldonMessages is null, expected a list of messages"),
        (5, "seldonMessages is a number, expected a list of messages"),
        ([], "seldonMessages is empty, expected one message at least"),
        ({"seldonMessages": [{"strData": "a"}, 5]}, "seldonMessages[1] is a number, expected an object with"),
        ([{"strData": "a"}, {"strData": 5}], "seldonMessages[1].strData is a number, expected a text"),
        ([{"data": {"ndarray": 5}}], "seldonMessages[0].data.ndarray is a number, expected a list"),
        ([{"strData": "a", "meta": {"tags": 5}}], "seldonMessages[0].meta.tags is a number"),
        (
            [{"strData": "a"}, {}],
            "seldonMessages[1] holds nothing, expected data, jsonData, strData or binData",
        ),
    ],
)
def test_an_aggregate_that_is_none_is_refused_by_its_place(body: Any, message: str) -> None:
    with pytest.raises(SeldonError) as caught:
        decode_messages(body, LIMITS)
    assert caught.value.message.startswith(message)
    assert caught.value.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([1], "the request is a list, expected an object with data, jsonData, strData or binData"),
        ({"meta": {}, "x": 1}, "the request holds 'meta', 'x', expected data, jsonData, strData or binData"),
        ({"data": None}, "data is null, expected an object with ndarray, tensor or tftensor"),
        ({"data": {"names": ["a"]}}, "data has no ndarray, tensor or tftensor"),
        ({"data": {"names": "a", "ndarray": []}}, "data.names is a text, expected a list"),
        ({"data": {"ndarray": 5}}, "data.ndarray is a number, expected a list"),
        ({"data": {"tensor": [1]}}, "data.tensor is a list, expected an object with shape and values"),
        ({"data": {"tensor": {"values": []}}}, "data.tensor has no shape"),
        ({"data": {"tensor": {"shape": []}}}, "data.tensor has no values"),
        (
            {"data": {"tensor": {"shape": [1], "values": 5}}},
            "data.tensor.values is a number, expected a list",
        ),
        ({"data": {"tensor": {"shape": "a", "values": []}}}, "data.tensor.shape is a text, expected a list"),
        ({"data": {"tftensor": []}}, "data.tftensor is [], expected an object"),
        ({"strData": 5}, "strData is a number, expected a text"),
        ({"binData": None}, "binData is null, expected base64 text"),
        ({"binData": "AAA"}, "binData is not base64 with padding (RFC 4648, section 4): "),
        ({"binData": "AA A="}, "binData is not base64 with padding (RFC 4648, section 4): "),
        ({"binData": "ü"}, "binData is not base64 with padding (RFC 4648, section 4): "),
        ({"strData": "", "meta": []}, "meta is a list, expected an object"),
        ({"strData": "", "meta": {"puid": True}}, "meta.puid is a boolean, expected a text"),
        ({"strData": "", "meta": {"puid": []}}, "meta.puid is a list, expected a text"),
        ({"strData": "", "meta": {"tags": []}}, "meta.tags is a list, expected an object"),
        ({"strData": "", "meta": {"routing": 5}}, "meta.routing is a number, expected an object"),
        ({"strData": "", "meta": {"requestPath": "a"}}, "meta.requestPath is a text, expected an object"),
        ({"strData": "", "meta": {"metrics": {}}}, "meta.metrics is not a list of objects"),
        ({"strData": "", "meta": {"metrics": [5]}}, "meta.metrics is not a list of objects"),
    ],
)
def test_what_is_wrong_is_named(body: Any, message: str) -> None:
    assert refusal(body).startswith(message)


def test_what_was_sent_is_shown_in_short() -> None:
    assert len(refusal({"k" * 1000: 1, "l" * 1000: 2})) < 300
