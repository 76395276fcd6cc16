from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import Limits, SeldonError
from seldon_runtime_v2.grpc.contents import FEW, contents_parts
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferResponse
from seldon_runtime_v2.grpc.request_message import inputs_of, parse
from seldon_runtime_v2.tensors.datatypes import DATATYPES, FLOAT, datatype_named

LIMITS = Limits()
TYPED = sorted(set(DATATYPES) - {"FP16", "BYTES"})
LARGE = 1500
SIZES = [1, FEW, FEW + 1, LARGE]


def numbers_of(datatype, count):
    """So many different numbers, with the least and the greatest of the datatype."""
    kind = DATATYPES[datatype]
    if kind.dtype.kind == "b":
        return (np.arange(count) % 3 == 0).tolist()
    if kind.kind is FLOAT:
        return (np.arange(count, dtype=kind.dtype) / 3 - 5).tolist()
    low, high = int(kind.low), int(kind.high)
    return [(low, high, low + index % 100, high - index % 100)[index % 4] for index in range(count)]


def array_of(request):
    return inputs_of(parse(request.SerializeToString()), LIMITS)[0].array


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("datatype", TYPED)
def test_numbers_are_read_and_written_with_their_exact_type(asked, datatype, count):
    values = numbers_of(datatype, count)
    array = array_of(asked(datatype, values, [count, 1]))
    assert array.dtype == DATATYPES[datatype].dtype
    assert array.shape == (count, 1)
    assert array.reshape(-1).tolist() == values
    written = b"".join(contents_parts(array, DATATYPES[datatype]))
    tensor = ModelInferResponse.InferOutputTensor.FromString(written)
    (field, given), *others = tensor.contents.ListFields()
    assert field.name == asked(datatype, values).inputs[0].contents.ListFields()[0][0].name
    assert list(given) == values
    assert not others


@pytest.mark.parametrize("count", [1, LARGE])
@pytest.mark.parametrize(
    ("datatype", "number"),
    [("UINT8", 256), ("UINT16", 65536), ("INT8", 128), ("INT8", -129), ("INT16", 32768), ("INT16", -32769)],
)
def test_a_number_out_of_the_range_of_a_narrow_datatype_is_refused(asked, datatype, number, count):
    with pytest.raises(SeldonError, match=f"'x' has {number}, expected .* to .* \\({datatype}\\)"):
        array_of(asked(datatype, [1] * (count - 1) + [number]))


@pytest.mark.parametrize("count", [2, LARGE])
@pytest.mark.parametrize("datatype", [*TYPED, "BYTES"])
def test_data_of_another_length_than_the_shape_says_are_refused(asked, datatype, count):
    values = [b"a"] * count if datatype == "BYTES" else numbers_of(datatype, count)
    for shape in ([count - 1], [count + 1], [0], [count, 2], [count * 5]):
        with pytest.raises(SeldonError, match="the input 'x' has the shape"):
            array_of(asked(datatype, values, shape))


@pytest.mark.parametrize("count", [2, LARGE])
def test_the_field_of_another_datatype_is_refused(asked, count):
    request = asked("INT32", [1] * count)
    request.inputs[0].datatype = "INT64"
    with pytest.raises(SeldonError, match="of INT64 has int_contents, expected int64_contents"):
        array_of(request)
    request.inputs[0].datatype = "FP16"
    with pytest.raises(SeldonError, match="of FP16 needs raw_input_contents"):
        array_of(request)


def test_truth_values_that_take_more_than_a_byte_are_true(asked):
    request = asked("BOOL", [True] * LARGE).SerializeToString()
    at = request.rindex(b"\1" * LARGE)
    changed = request[:at] + b"\x81\0" + request[at + 2 :]
    with pytest.raises(SeldonError, match=str(LARGE - 1)):
        array_of(type(asked("BOOL", [])).FromString(changed))


def test_invalid_varints_are_refused(asked):
    wire = bytearray(asked("INT32", [1] * LARGE).SerializeToString())
    wire[-1] = 0x80
    with pytest.raises(SeldonError, match=r"not a valid|has invalid int_contents"):
        inputs_of(parse(bytes(wire)), LIMITS)


@pytest.mark.parametrize("datatype", [*DATATYPES, "BF16"])
def test_an_input_without_elements_needs_no_contents(asked, datatype):
    request = asked("INT8", [], [0, 3])
    request.inputs[0].datatype = datatype
    request.inputs[0].ClearField("contents")
    array = array_of(request)
    assert (array.shape, array.dtype) == ((0, 3), datatype_named(datatype, "a test").dtype)


def test_no_elements_need_no_contents(asked):
    assert array_of(asked("INT8", [], [0, 3])).shape == (0, 3)
    kind = datatype_named("FP32", "a test")
    assert contents_parts(np.empty((0, 3), "<f4"), kind) == [b"\x2a\0", b""]
