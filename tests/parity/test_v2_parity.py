"""The same array by every protocol and form reaches the component the same, and comes back the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.plugin import Limits
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.served import run_call
from seldon_runtime_grpc.calls import GrpcCodec
from seldon_runtime_grpc.messages import SeldonMessage
from seldon_runtime_v2.grpc.codec import InferCodec as GrpcInfer
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest, ModelInferResponse
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec as RestInfer
from seldon_runtime_v2.rest.response_body import HEADER
from seldon_runtime_v2.tensors.datatypes import datatype_of

LIMITS = Limits()
Array = NDArray[Any]


class Identity:
    def predict(self, X: Any, features_names: Any) -> Any:
        self.seen = X
        return X


USER = Identity()
ADAPTER = ComponentAdapter(USER)
MODEL = ServedModel(ComponentService(Unit(ADAPTER, Executor(), user=USER)), "m")


def _answer(wire: bytes, codec: Any) -> Any:
    return run_call(ADAPTER, Call(Method.PREDICT, wire, codec, "test"))


def _described(array: Array) -> dict[str, Any]:
    kind = datatype_of(array)
    assert kind is not None
    return {"name": "x", "datatype": kind.name, "shape": list(array.shape)}


def by_v1(array: Array) -> Array:
    message = SeldonMessage()
    message.data.tensor.shape.extend(array.shape)
    message.data.tensor.values.extend(array.reshape(-1).astype(np.float64))
    tensor = SeldonMessage.FromString(_answer(message.SerializeToString(), GrpcCodec(LIMITS))).data.tensor
    return np.array(tensor.values).reshape(tensor.shape)


def _by_rest(array: Array, body: dict[str, Any], tail: bytes, length: int | None) -> Array:
    text = json.dumps(body).encode()
    codec = RestInfer(MODEL, LIMITS, NonFinite.NULL, len(text) if length is not None else None)
    response = _answer(text + tail, codec)
    end = dict(response.headers).get(HEADER)
    (output,) = json.loads(response.body[: None if end is None else int(end)])["outputs"]
    assert output["datatype"] == body["inputs"][0]["datatype"]
    if end is not None:
        return np.frombuffer(response.body, array.dtype, offset=int(end)).reshape(output["shape"])
    data = output.get("data", [])
    return np.array([np.nan if each is None else each for each in data], array.dtype).reshape(output["shape"])


def by_json(array: Array) -> Array:
    data = [None if each != each else each for each in array.reshape(-1).tolist()]
    return _by_rest(array, {"inputs": [{**_described(array), "data": data}]}, b"", None)


def by_binary(array: Array) -> Array:
    given = {**_described(array), "parameters": {"binary_data_size": array.nbytes}}
    body = {"inputs": [given], "parameters": {"binary_data_output": True}}
    return _by_rest(array, body, array.tobytes(), 0)


def by_grpc_raw(array: Array) -> Array:
    request = ModelInferRequest(
        model_name="m", inputs=[_described(array)], raw_input_contents=[array.tobytes()]
    )
    answer = ModelInferResponse.FromString(_answer(request.SerializeToString(), GrpcInfer(MODEL, LIMITS)))
    return np.frombuffer(answer.raw_output_contents[0], array.dtype).reshape(answer.outputs[0].shape)


def by_grpc_typed(array: Array) -> Array:
    request = ModelInferRequest(model_name="m", inputs=[_described(array)])
    kind = array.dtype.kind
    wide = array.dtype.itemsize == 8
    name = {
        "b": "bool_contents",
        "i": "int64_contents" if wide else "int_contents",
        "u": "uint64_contents" if wide else "uint_contents",
        "f": "fp64_contents" if wide else "fp32_contents",
    }[kind]
    getattr(request.inputs[0].contents, name).extend(array.reshape(-1).tolist())
    answer = ModelInferResponse.FromString(_answer(request.SerializeToString(), GrpcInfer(MODEL, LIMITS)))
    (output,) = answer.outputs
    return np.array(getattr(output.contents, name), array.dtype).reshape(output.shape)


WAYS = (by_json, by_binary, by_grpc_raw, by_grpc_typed)
DTYPES = [f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)] + ["f4", "f8", "?"]


def _arrays(dtype: str) -> Any:
    elements: Any = None
    if dtype[0] == "f":
        elements = st.floats(width=int(dtype[1]) * 8, allow_infinity=False)  # type: ignore[arg-type]
    return npst.arrays(dtype, npst.array_shapes(max_dims=3, max_side=40), elements=elements)


def assert_comes_back(way: Callable[[Array], Array], array: Array) -> None:
    returned = way(array)
    assert returned.shape == array.shape
    assert USER.seen.dtype == array.dtype
    np.testing.assert_array_equal(USER.seen, array)
    np.testing.assert_array_equal(returned, array)


@pytest.mark.parametrize("way", WAYS)
@given(st.sampled_from(DTYPES).flatmap(_arrays))
@example(np.arange(-2000, 2000).reshape(2, -1))
@example(np.array([2**64 - 1, 2**63, 0], "u8"))
@example(np.linspace(-1, 1, 3000, dtype="f4"))
def test_every_form_of_v2_carries_the_values_and_their_type(
    way: Callable[[Array], Array], array: Array
) -> None:
    assert_comes_back(way, array)


@given(_arrays("f8"))
def test_floats_are_the_same_by_v1_and_by_every_form_of_v2(array: Array) -> None:
    for way in (by_v1, *WAYS):
        assert_comes_back(way, array)
