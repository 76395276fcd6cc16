"""The forms of V2: named arrays in, named arrays out, through the codecs of each form.

BYTES are arrays of objects: ``str`` or ``bytes`` in a request, and in an answer ``str`` if they are UTF-8.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import Call, Limits, Method, Service
from seldon_runtime_v2.grpc.codec import InferCodec as GrpcInfer
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest, ModelInferResponse
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec as RestInfer
from seldon_runtime_v2.rest.heads import Heads as RestHeads
from seldon_runtime_v2.rest.request_body import HEADER
from seldon_runtime_v2.tensors.datatypes import DATATYPES, datatype_of

LIMITS = Limits()
_FIELDS = {name: f"{name.lower()}_contents" for name in ("BOOL", "INT64", "UINT64", "FP32", "FP64", "BYTES")}
"""The field of each datatype in gRPC's contents; narrow numbers share one."""
Array = NDArray[Any]
Arrays = Mapping[str, Array]
Infer = Callable[[bytes, Any], Any]
"""Has the component answer the bytes of a request, with a codec."""
Way = Callable[["V2", Arrays], dict[str, Array]]


class V2:
    """A component as V2 serves it under the name ``m``."""

    def __init__(self, service: Service, infer: Infer | None = None) -> None:
        self.model = ServedModel(service, "m")
        self.heads = Heads(self.model)
        self.rest_heads = RestHeads(self.model, LIMITS)
        self.infer = infer or (
            lambda wire, codec: service.call(Call(Method.PREDICT, wire, codec, codec.name))
        )


def by_json(served: V2, inputs: Arrays) -> dict[str, Array]:
    """Infer by JSON, in which bytes that are not UTF-8 are base64."""
    described = []
    for name, array in inputs.items():
        data = [None if value != value else value for value in array.reshape(-1).tolist()]
        tensor = {**_described(name, array), "data": data}
        if any(isinstance(value, bytes) for value in data):
            tensor["data"] = [base64.b64encode(value).decode() for value in data]
            tensor["parameters"] = {"content_type": "base64"}
        described.append(tensor)
    return _by_rest(served, {"inputs": described}, b"", None)


def by_binary(served: V2, inputs: Arrays) -> dict[str, Array]:
    """Infer by binary data behind JSON, in both directions."""
    blobs = [_binary(array) for array in inputs.values()]
    described = [
        {**_described(name, array), "parameters": {"binary_data_size": len(blob)}}
        for (name, array), blob in zip(inputs.items(), blobs, strict=True)
    ]
    body = {"inputs": described, "parameters": {"binary_data_output": True}}
    return _by_rest(served, body, b"".join(blobs), 0)


def by_grpc_raw(served: V2, inputs: Arrays) -> dict[str, Array]:
    """Infer over gRPC with raw contents."""
    request = ModelInferRequest(
        model_name="m",
        inputs=[_described(name, array) for name, array in inputs.items()],
        raw_input_contents=[_binary(array) for array in inputs.values()],
    )
    answer = _by_grpc(served, request)
    pairs = zip(answer.outputs, answer.raw_output_contents, strict=True)
    return {output.name: _from_binary(output.datatype, output.shape, blob) for output, blob in pairs}


def by_grpc_typed(served: V2, inputs: Arrays) -> dict[str, Array]:
    """Infer over gRPC with contents in the field of their datatype."""
    request = ModelInferRequest(model_name="m")
    for name, array in inputs.items():
        tensor = request.inputs.add(**_described(name, array))
        values = array.reshape(-1).tolist()
        if tensor.datatype == "BYTES":
            values = [_as_bytes(value) for value in values]
        getattr(tensor.contents, _field(tensor.datatype)).extend(values)
    answer = _by_grpc(served, request)
    return {
        output.name: _shaped(
            output.datatype, output.shape, list(getattr(output.contents, _field(output.datatype)))
        )
        for output in answer.outputs
    }


WAYS = (by_json, by_binary, by_grpc_raw, by_grpc_typed)


def _by_rest(served: V2, body: Mapping[str, Any], tail: bytes, length: int | None) -> dict[str, Array]:
    text = json.dumps(body).encode()
    header_length = None if length is None else len(text)
    codec = RestInfer(served.model, LIMITS, served.rest_heads, header_length)
    response = served.infer(text + tail, codec)
    given = dict(response.headers).get(HEADER)
    start = len(response.body) if given is None else int(given)
    answer, data = json.loads(response.body[:start]), response.body[start:]
    found = {}
    for output in answer["outputs"]:
        datatype, shape = output["datatype"], output["shape"]
        if "data" in output:
            values = [np.nan if value is None else value for value in output["data"]]
            found[output["name"]] = _shaped(datatype, shape, values)
        else:
            size = output.get("parameters", {}).get("binary_data_size", 0)
            found[output["name"]] = _from_binary(datatype, shape, data[:size])
            data = data[size:]
    assert not data
    return found


def _by_grpc(served: V2, request: ModelInferRequest) -> ModelInferResponse:
    answer = served.infer(request.SerializeToString(), GrpcInfer(served.model, LIMITS, served.heads))
    return ModelInferResponse.FromString(answer)


def _described(name: str, array: Array) -> dict[str, Any]:
    datatype = datatype_of(array)
    assert datatype is not None
    return {"name": name, "datatype": datatype.name, "shape": list(array.shape)}


def _field(datatype: str) -> str:
    narrow = "uint_contents" if datatype.startswith("U") else "int_contents"
    return _FIELDS.get(datatype, narrow)


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _binary(array: Array) -> bytes:
    if array.dtype.kind != "O":
        return array.tobytes()
    values = [_as_bytes(value) for value in array.reshape(-1).tolist()]
    return b"".join(len(value).to_bytes(4, "little") + value for value in values)


def _from_binary(datatype: str, shape: Any, data: bytes) -> Array:
    if datatype != "BYTES":
        return np.frombuffer(data, DATATYPES[datatype].dtype).reshape(shape)
    values = []
    while data:
        end = 4 + int.from_bytes(data[:4], "little")
        values.append(data[4:end])
        data = data[end:]
    return _shaped(datatype, shape, values)


def _shaped(datatype: str, shape: Any, values: list[Any]) -> Array:
    if datatype != "BYTES":
        return np.array(values, DATATYPES[datatype].dtype).reshape(shape)
    array = np.empty(len(values), object)
    array[:] = [_as_text(value) for value in values]
    return array.reshape(shape)


def _as_text(value: str | bytes) -> str | bytes:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value
