from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import ErrorCode, Limits, SeldonError
from seldon_runtime_v2.rest.request_body import LARGE_BYTES, inputs_of, parse

LIMITS = Limits(max_nesting=32)


def read(body, start=None, as_bytes=False, limits=LIMITS):
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    text = body if start is None else body[:start]
    return inputs_of(parse(text, limits), body, len(text), limits, as_bytes=as_bytes)


def tensor(**member):
    return {"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2], **member}


@pytest.mark.parametrize("padding", [0, LARGE_BYTES])
@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("FP32", [1, 2.5]),
        ("INT8", [1, -2]),
        ("UINT64", [2**63, 2**64 - 1]),
        ("UINT64", [1.0, 2**64 - 1]),
        ("UINT64", [1e19, 0]),
        ("INT64", [1.0, 2**53 + 1]),
        ("INT64", [-(2**63), 1e2]),
        ("BOOL", [True, False]),
        ("BYTES", ["a", "\u00e9"]),
    ],
)
def test_small_and_large_requests_are_read_the_same(datatype, data, padding):
    request = {"inputs": [tensor(datatype=datatype, data=data)], "padding": "." * padding}
    (found,) = read(request)
    assert (found.name, found.datatype.name, found.array.tolist()) == ("x", datatype, data)


@pytest.mark.parametrize("padding", [0, LARGE_BYTES])
def test_nan_and_infinities_are_read_as_words_and_null(padding):
    data = '[NaN,-Infinity,null,"Infinity"]'
    text = '{"inputs":[{"name":"x","datatype":"FP32","shape":[4],"data":' + data + '}],"p":"%s"}'
    (found,) = read((text % ("." * padding)).encode())
    assert np.isnan(found.array[[0, 2]]).all()
    assert found.array[[1, 3]].tolist() == [-math.inf, math.inf]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + 400 * "0" + ".0"])
@pytest.mark.parametrize("word", ["1", "NaN", '"Infinity"'])
@pytest.mark.parametrize("padding", [0, LARGE_BYTES])
def test_a_number_beyond_64_bit_floats_is_no_infinity(number, word, padding):
    text = '{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[%s,%s]}],"p":"%s"}'
    with pytest.raises(SeldonError, match=r"[Nn]umber .*out of range"):
        read((text % (word, number, "." * padding)).encode())


def test_utf16_is_json_too():
    (found,) = read(json.dumps({"inputs": [tensor()]}).encode("utf-16"))
    assert found.array.tolist() == [1, 2]


@pytest.mark.parametrize("padding", [0, LARGE_BYTES])
@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ([], "Expected `object`"),
        (None, "Expected `object`"),
        ({}, "missing required field `inputs`"),
        ({"inputs": "x"}, "inputs"),
        ({"inputs": [tensor(name=5)]}, r"Expected `str`, got `int` - at `\$.inputs\[0\].name`"),
        ({"inputs": [tensor(shape=["2"])]}, "shape"),
        ({"inputs": [tensor(shape=[True])]}, "shape"),
        ({"inputs": [tensor(shape=None)]}, "shape"),
        ({"inputs": [tensor(datatype=None)]}, "datatype"),
        ({"inputs": [tensor(datatype="int32")]}, "Did you mean INT32"),
        ({"inputs": [tensor(data=None)]}, "expected a list"),
        ({"inputs": [tensor(shape=[3])]}, "takes 3 elements"),
        ({"inputs": [tensor(shape=[2, 2], data=[[1, 2], [3]])]}, "the input 'x'"),
        ({"inputs": [tensor()], "parameters": {"a": {"b": 1}}}, "parameters"),
        ({"inputs": [tensor()], "parameters": [1]}, "parameters"),
        ({"inputs": [tensor()], "outputs": [{}]}, "outputs"),
        ({"inputs": [tensor()], "id": 5}, "id"),
        ({"inputs": [tensor(parameters={"binary_data_size": 8})]}, "has data and binary_data_size"),
    ],
)
def test_a_malformed_request_says_where(request_, message, padding):
    if padding and isinstance(request_, dict):
        request_ = {**request_, "padding": "." * padding}
    with pytest.raises(SeldonError, match=message) as error:
        read(json.dumps(request_).encode())
    assert error.value.code is ErrorCode.BAD_DATA


def test_an_input_needs_data():
    for padding in ("", "." * LARGE_BYTES):
        request = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1]}], "padding": padding}
        with pytest.raises(SeldonError, match="has no data, expected data or binary_data_size"):
            read(request)


@pytest.mark.parametrize(
    "request_",
    [
        *("\ud800", {"\ud800": 1}, {"inputs": "\ud800"}, {"inputs": [{"\ud800": 1}]}),
        {"inputs": [], "id": "\ud800"},
        {"inputs": [], "parameters": {"a": "\udc00"}},
    ],
)
def test_half_a_surrogate_pair_is_bad_data(request_):
    with pytest.raises(SeldonError, match=r"lone surrogate|does not fit") as error:
        read(json.dumps(request_).encode())
    assert error.value.code is ErrorCode.BAD_DATA


@given(st.binary(max_size=200))
def test_other_bytes_are_bad_data(body):
    with pytest.raises(SeldonError):
        read(body)


def test_deep_nesting_is_refused_before_it_is_parsed():
    with pytest.raises(SeldonError, match="nests deeper than 32 levels"):
        read(b'{"inputs":' + b"[" * 100_000)


def test_binary_data_follow_in_the_order_of_the_inputs():
    head = {
        "inputs": [
            {"name": "a", "datatype": "INT8", "shape": [2], "parameters": {"binary_data_size": 2}},
            tensor(name="b"),
            {"name": "c", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}},
        ]
    }
    text = json.dumps(head).encode()
    found = read(text + b"\1\2\1\0\0\0z", len(text))
    assert [each.array.tolist() for each in found] == [[1, 2], [1, 2], [b"z"]]
    assert found[0].parameters == {"binary_data_size": 2}
    with pytest.raises(SeldonError, match="has 1 bytes behind the data of the last input"):
        read(text + b"\1\2\1\0\0\0z.", len(text))
    with pytest.raises(SeldonError, match="expected 0 to 4"):
        read(text + b"\1\2\1\0\0\0", len(text))


@pytest.mark.parametrize(
    ("size", "words"), [(-1, "-1"), (2**62, str(2**62)), (8.0, "8.0"), (True, "true"), ("8", "'8'")]
)
def test_the_size_of_binary_data_is_checked(size, words):
    text = json.dumps({"inputs": [{**tensor(), "parameters": {"binary_data_size": size}, "data": None}]})
    text = text.replace(', "data": null', "").encode()
    with pytest.raises(SeldonError, match=f"has the binary_data_size {words}, expected 0 to 8"):
        read(text + b"12345678", len(text))


def test_values_that_would_take_too_much_memory_are_refused():
    limits = Limits(max_request_memory=200_000)
    request = {"inputs": [tensor(shape=[20_000], data=[None] * 20_000)]}
    with pytest.raises(SeldonError) as error:
        read(request, limits=limits)
    assert error.value.code is ErrorCode.TOO_LARGE
