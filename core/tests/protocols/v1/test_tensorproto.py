"""TensorProto in JSON: what clients of TensorFlow send arrives, whatever is malformed is refused."""

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
from seldon_runtime.protocols.v1.tensorproto import decode_tensorproto, encode_tensorproto

NUMBERS = ["<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1", ">f8", ">i4"]
LISTED = [
    ("DT_FLOAT", "floatVal", "f4"),
    ("DT_DOUBLE", "doubleVal", "f8"),
    ("DT_INT8", "intVal", "i1"),
    ("DT_INT16", "intVal", "i2"),
    ("DT_INT32", "intVal", "i4"),
    ("DT_INT64", "int64Val", "i8"),
    ("DT_UINT8", "intVal", "u1"),
    ("DT_UINT16", "intVal", "u2"),
    ("DT_UINT32", "uint32Val", "u4"),
    ("DT_UINT64", "uint64Val", "u8"),
]


def shape_of(*sizes: object) -> dict[str, Any]:
    return {"dim": [{"size": size} for size in sizes]}


def decoded(**fields: object) -> npt.NDArray[Any]:
    return decode_tensorproto(fields, where="data.tftensor")


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def refusal(**fields: object) -> str:
    with pytest.raises(SeldonError) as caught:
        decoded(**fields)
    assert caught.value.code is ErrorCode.BAD_DATA
    assert "expected" in str(caught.value)
    return str(caught.value)


@given(
    arrays.arrays(
        dtype=st.sampled_from([np.dtype(name) for name in NUMBERS]),
        shape=arrays.array_shapes(min_dims=0, min_side=0),
    )
)
def test_numbers_come_back_as_they_were(array: npt.NDArray[Any]) -> None:
    wire = json.loads(json.dumps(encode_tensorproto(array)))
    back = decode_tensorproto(wire, where="data.tftensor")
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array, strict=False)
    assert back.shape == array.shape
    assert back.flags.writeable


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_comes_back_as_it_was_with_nul_characters(texts: list[str]) -> None:
    back = decode_tensorproto(encode_tensorproto(np.array(texts, dtype=object)), where="data.tftensor")
    assert back.tolist() == texts


@given(st.lists(st.binary()).map(lambda items: [*items, b"\xff"]))
def test_text_that_is_not_utf8_comes_back_as_bytes_everywhere(items: list[bytes]) -> None:
    back = decode_tensorproto(encode_tensorproto(np.array(items, dtype=object)), where="data.tftensor")
    assert back.tolist() == items


@given(st.data(), st.sampled_from(LISTED))
def test_listed_values_arrive_as_numbers_and_as_text(data: st.DataObject, kind: tuple[str, str, str]) -> None:
    name, field, dtype = kind
    array = data.draw(arrays.arrays(dtype, 3, elements=arrays.from_dtype(np.dtype(dtype), allow_nan=False)))
    sent = [str(value).replace("inf", "Infinity") for value in array.tolist()]
    for values in (array.tolist(), sent):
        back = decoded(dtype=name, tensorShape=shape_of("3"), **{field: values})
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TENSOR_LIKE = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["DT_FLOAT", "DT_STRING", "DT_BOOL", "DT_HALF", "DT_INT8", 23, 10])},
    optional={
        "tensorShape": st.builds(lambda sizes: shape_of(*sizes), st.lists(JSON, max_size=3)) | JSON,
        "tensorContent": st.binary(max_size=8).map(b64) | JSON,
        "floatVal": st.lists(JSON, max_size=3) | JSON,
        "stringVal": st.lists(st.text("AQ=-_ ", max_size=4), max_size=3) | JSON,
        "boolVal": st.lists(st.booleans(), max_size=3) | JSON,
        "halfVal": st.lists(st.integers(), max_size=3) | JSON,
        "intVal": st.lists(JSON, max_size=3) | JSON,
        "uint64Val": st.lists(st.integers(), max_size=3) | JSON,
    },
)


@given(TENSOR_LIKE | JSON)
def test_anything_is_either_an_array_or_bad_data(value: object) -> None:
    try:
        array = decode_tensorproto(value, where="data.tftensor", max_values=1000)
    except SeldonError as error:
        assert error.code is ErrorCode.BAD_DATA  # noqa: PT017 - either outcome is right
    else:
        assert array.size <= 1000


def test_snake_case_names_and_enum_numbers_are_read() -> None:
    value = {"dtype": 2, "tensor_shape": shape_of(1, 2), "double_val": [1.5, 2.5], "version_number": 1}
    assert decoded(**value).tolist() == [[1.5, 2.5]]
    assert decoded(dtype=9, tensor_shape=shape_of(1), int64_val=["7"]).tolist() == [7]


def test_a_size_that_protobuf_left_out_is_zero_and_a_shape_left_out_is_a_scalar() -> None:
    assert decoded(dtype="DT_FLOAT", tensorShape={"dim": [{}, {"size": "2"}]}).shape == (0, 2)
    assert decoded(dtype="DT_FLOAT", tensorShape=None, floatVal=[2.5]).shape == ()
    assert decoded(dtype="DT_FLOAT", tensorShape={"unknownRank": False}, floatVal=[2.5]) == 2.5


def test_the_last_value_is_repeated_and_no_values_are_zeros() -> None:
    assert decoded(dtype="DT_INT32", tensorShape=shape_of(2, 2), intVal=[1, 2]).tolist() == [[1, 2], [2, 2]]
    assert decoded(dtype="DT_INT32", tensorShape=shape_of(2)).tolist() == [0, 0]
    assert decoded(dtype="DT_BOOL", tensorShape=shape_of(2), boolVal=[True]).tolist() == [True, True]
    assert decoded(dtype="DT_STRING", tensorShape=shape_of(2), stringVal=["YQ=="]).tolist() == ["a", "a"]
    assert decoded(dtype="DT_STRING", tensorShape=shape_of(2)).tolist() == ["", ""]


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert decoded(dtype="DT_INT32", tensorShape=shape_of(2.0), intVal=[1e3, "-2"]).tolist() == [1000, -2]


def test_half_and_bfloat16_are_bit_patterns_in_lists_and_in_content() -> None:
    half = decoded(dtype="DT_HALF", tensorShape=shape_of(2), halfVal=[0x3C00, 0xC100])
    assert half.dtype == np.float16
    assert half.tolist() == [1.0, -2.5]
    brain = decoded(dtype="DT_BFLOAT16", tensorShape=shape_of(2), halfVal=[0x3F80, 0xC020])
    assert brain.dtype == np.float32
    assert brain.tolist() == [1.0, -2.5]
    content = b64(np.array([0x3F80, 0xC020], "<u2").tobytes())
    assert decoded(dtype=14, tensorShape=shape_of(2), tensorContent=content).tolist() == [1.0, -2.5]


def test_not_a_number_and_infinities_arrive_as_text_and_as_bare_words() -> None:
    values = ["NaN", "Infinity", "-Infinity", float("nan")]
    back = decoded(dtype="DT_FLOAT", tensorShape=shape_of(4), floatVal=values)
    np.testing.assert_array_equal(back, [np.nan, np.inf, -np.inf, np.nan])


def test_content_may_be_url_safe_and_unpadded_and_any_byte_but_zero_is_true() -> None:
    assert decoded(dtype="DT_UINT8", tensorShape=shape_of(2), tensorContent="-_8").tolist() == [251, 255]
    assert decoded(dtype="DT_BOOL", tensorShape=shape_of(2), tensorContent=b64(b"\x00\x07")).tolist() == [
        False,
        True,
    ]


def test_a_few_bytes_cannot_ask_for_gigabytes() -> None:
    for sizes in ((2**40,), (2**31, 2**31), (2**62,) * 32):
        with pytest.raises(SeldonError, match="at most 20000000 are accepted"):
            decoded(dtype="DT_STRING", tensorShape=shape_of(*sizes), stringVal=["YQ=="])
    message = refusal(dtype="DT_DOUBLE", tensorShape=shape_of(2_000_000), doubleVal=[1])
    assert message.startswith("data.tftensor has 1 values, expected all 2000000 of its shape")


def test_max_values_limits_the_elements() -> None:
    value = encode_tensorproto(np.zeros(11, np.uint8))
    assert decode_tensorproto(value, where="t", max_values=11).size == 11
    with pytest.raises(SeldonError, match="t has 11 values, at most 10"):
        decode_tensorproto(value, where="t", max_values=10)


@pytest.mark.parametrize("sizes", [(0, 2**40), (0, 10_001), (0, *[10_000] * 20), (1,) * 33])
def test_shapes_without_values_are_limited_too(sizes: tuple[int, ...]) -> None:
    with pytest.raises(SeldonError) as caught:
        decoded(dtype="DT_DOUBLE", tensorShape=shape_of(*sizes))
    assert caught.value.code is ErrorCode.BAD_DATA


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "data.tftensor.dtype is None, expected one of DT_FLOAT, "),
        ({"dtype": "DT_COMPLEX64"}, "data.tftensor.dtype is 'DT_COMPLEX64', expected one of"),
        ({"dtype": True}, "dtype is True"),
        ({"dtype": "DT_INT8", "intVals": [1]}, "data.tftensor has a field 'intVals', expected only boolVal,"),
        ({"dtype": "DT_INT8", "intVal": [1], "int_val": [2]}, "has intVal in two spellings"),
        ({"dtype": "DT_INT8", "intVal": 1}, "data.tftensor.intVal is 1, expected a list"),
        ({"dtype": "DT_INT8", "floatVal": [1]}, "of DT_INT8 has floatVal, expected only intVal"),
        ({"dtype": "DT_INT8", "intVal": [128]}, "data.tftensor.intVal[0] is 128, expected -128 to 127"),
        ({"dtype": "DT_UINT64", "uint64Val": [-1]}, "uint64Val[0] is -1, expected 0 to 18446744073709551615"),
        ({"dtype": "DT_INT64", "int64Val": [2**63]}, "expected -9223372036854775808 to 9223372036854775807"),
        ({"dtype": "DT_HALF", "halfVal": [65536]}, "halfVal[0] is 65536, expected 0 to 65535"),
        ({"dtype": "DT_INT8", "intVal": [1.5]}, "intVal[0] is 1.5, expected a whole number"),
        ({"dtype": "DT_INT8", "intVal": [True]}, "intVal[0] is True, expected a whole number"),
        ({"dtype": "DT_INT8", "intVal": ["x"]}, "intVal[0] is 'x', expected a whole number"),
        ({"dtype": "DT_BOOL", "boolVal": [1]}, "boolVal[0] is 1, expected true or false"),
        ({"dtype": "DT_FLOAT", "floatVal": ["1_0"]}, "floatVal[0] is '1_0', expected a number"),
        ({"dtype": "DT_FLOAT", "floatVal": [None]}, "floatVal[0] is None, expected a number"),
        (
            {"dtype": "DT_FLOAT", "floatVal": [1e300]},
            "floatVal[0] is 1e+300, expected a number that fits float32",
        ),
        ({"dtype": "DT_DOUBLE", "doubleVal": [10**400]}, "doubleVal has a whole number beyond 64-bit floats"),
        ({"dtype": "DT_STRING", "stringVal": [1]}, "stringVal[0] is 1, expected base64 text"),
        ({"dtype": "DT_STRING", "stringVal": ["a b="]}, "stringVal[0] is not valid base64"),
        (
            {"dtype": "DT_STRING", "tensorContent": "AAAA"},
            "of DT_STRING has tensorContent, expected only stringVal",
        ),
        ({"dtype": "DT_INT8", "tensorContent": "AA==", "intVal": [1]}, "has tensorContent, intVal"),
        ({"dtype": "DT_INT8", "tensorContent": "ä"}, "tensorContent is not valid base64"),
        ({"dtype": "DT_INT8", "tensorContent": 0}, "tensorContent is 0, expected base64 text"),
        (
            {"dtype": "DT_FLOAT", "tensorContent": "AAAA"},
            "tensorContent has 3 bytes, expected a multiple of 4",
        ),
        ({"dtype": "DT_INT8", "intVal": [1, 2]}, "data.tftensor has 2 values, expected 1 for shape []"),
        (
            {"dtype": "DT_INT8", "tensorContent": "AA==", "tensorShape": shape_of(2)},
            "has 1 values, expected 2 for shape [2]",
        ),
        (
            {"dtype": "DT_INT8", "tensorShape": {"unknownRank": True}},
            "unknownRank is True, expected a known shape",
        ),
        ({"dtype": "DT_INT8", "tensorShape": {"unknown_rank": 0}}, "unknownRank is 0"),
        ({"dtype": "DT_INT8", "tensorShape": [2]}, "data.tftensor.tensorShape is [2], expected an object"),
        ({"dtype": "DT_INT8", "tensorShape": {"dim": [2]}}, "tensorShape.dim[0] is 2, expected an object"),
        (
            {"dtype": "DT_INT8", "tensorShape": shape_of(-1)},
            "tensorShape.dim[0].size is -1, expected a known size",
        ),
        (
            {"dtype": "DT_INT8", "tensorShape": shape_of("9" * 30)},
            "size is '999999999999...9999999999999', expected",
        ),
        (
            {"dtype": "DT_INT8", "tensorShape": shape_of(2**63)},
            "size is 9223372036854775808, expected a known size",
        ),
    ],
)
def test_a_malformed_tensor_is_refused_with_its_place(fields: dict[str, Any], words: str) -> None:
    assert words in refusal(**fields)


def test_text_of_every_numpy_kind_is_written_as_string_values() -> None:
    assert encode_tensorproto(np.array(["a", "ü"]))["stringVal"] == ["YQ==", "w7w="]
    assert encode_tensorproto(np.array([b"a", b"\xff"]))["stringVal"] == ["YQ==", "/w=="]


def test_an_answer_is_what_protobuf_itself_would_write() -> None:
    assert encode_tensorproto(np.array([[1.5, 2.5]])) == {
        "dtype": "DT_DOUBLE",
        "tensorShape": {"dim": [{"size": "1"}, {"size": "2"}]},
        "tensorContent": "AAAAAAAA+D8AAAAAAAAEQA==",
    }


@pytest.mark.parametrize(
    "array",
    [
        np.array([1 + 2j]),
        np.array([None], dtype=object),
        np.array(["\ud800"], dtype=object),
        np.array(["2026-01-01"], dtype="M8[D]"),
        np.zeros(1, dtype=[("a", "i4")]),
    ],
)
def test_what_cannot_be_written_is_the_components_failure(array: npt.NDArray[Any]) -> None:
    with pytest.raises(SeldonError, match="cannot be answered as tftensor; expected DT_FLOAT") as caught:
        encode_tensorproto(array)
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
