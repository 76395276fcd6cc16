"""Requests of the Open Inference Protocol, for a class with ``predict`` and for one with ``infer``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.json_format import ParseDict

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import Codec
from seldon_runtime.inference.method import Method
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.served import run_call
from seldon_runtime_v2.grpc.codec import StreamCodec
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest, ModelStreamInferResponse
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec
from seldon_runtime_v2.rest.generate import GenerateCodec
from seldon_runtime_v2.rest.heads import Heads as JsonHeads
from seldon_runtime_v2.rest.request_body import HEADER
from tests.support import v2_cases

from .calls import LIMITS

_CALLERS_FAULTS = (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE, ErrorCode.NOT_FOUND)
_LENGTH_BYTES = 2
_MOST_BYTES = 4000


class _Identity:
    def predict(self, X: Any, names: Any) -> Any:
        if names and X.dtype.kind == "O":  # a table may hold numbers beside text, which no output can
            return str(X.shape)
        return X


class _Infers:
    def infer(self, inputs: Any) -> Any:
        return inputs


def _model(user: object) -> tuple[ComponentAdapter, ServedModel]:
    adapter = ComponentAdapter(user)
    return adapter, ServedModel(ComponentService(Unit(adapter, Executor(), user=user)), "m")


_MODELS = [_model(_Identity()), _model(_Infers())]
_HEADS = {model: Heads(model) for _, model in _MODELS}
_JSON_HEADS = {model: JsonHeads(model, LIMITS) for _, model in _MODELS}


def _answers(wire: bytes, codec_for: Callable[[ServedModel], Codec]) -> Iterator[Any]:
    """Yield the answers of both models; raise SeldonError when one refuses the request."""
    refusals = []
    for adapter, model in _MODELS:
        codec = codec_for(model)
        assert codec.memory(Method.PREDICT, wire) >= 0
        try:
            yield run_call(adapter, Call(Method.PREDICT, wire, codec, "fuzz"))
        except SeldonError as error:
            if error.code not in _CALLERS_FAULTS:
                raise AssertionError(f"the component is blamed: {error.code.name}: {error}") from error
            refusals.append(error)
    if refusals:
        raise refusals[0]


def _answer(body: bytes, codec_for: Callable[[ServedModel], Codec]) -> None:
    for response in _answers(body, codec_for):
        end = dict(response.headers).get(HEADER)
        json.loads(response.body[: None if end is None else int(end)])


def json_body(body: bytes) -> None:
    """A body that is JSON. Raises SeldonError when it is refused."""
    _answer(body, lambda model: InferCodec(model, LIMITS, _JSON_HEADS[model], None))


def flat_body(body: bytes) -> None:
    """A body of a generate request. Raises SeldonError when it is refused."""
    _answer(body, lambda model: GenerateCodec(model, LIMITS))


def binary_body(data: bytes) -> None:
    """A body with binary data, behind the length of its JSON in two bytes. Raises SeldonError."""
    length = int.from_bytes(data[:_LENGTH_BYTES])
    body = data[_LENGTH_BYTES:]
    length = min(length, len(body))
    _answer(body, lambda model: InferCodec(model, LIMITS, _JSON_HEADS[model], length))


def grpc_message(data: bytes) -> None:
    """A serialized ModelInferRequest. Raises SeldonError when it is refused."""
    for answer in _answers(data, lambda model: StreamCodec(model, LIMITS, _HEADS[model])):
        outputs = ModelStreamInferResponse.FromString(answer).infer_response.outputs
        assert len(outputs) >= 1


def grpc_seeds() -> list[bytes]:
    """Return the messages of the recorded cases, and larger ones, which are read without protobuf."""
    requests = [case["request"] for case in v2_cases.recorded() if case["transport"] == "grpc"]
    fill = v2_cases.runner().fill
    messages = [
        fill(each["message"], "m") for each in requests if each["rpc"] == "ModelInfer" and "message" in each
    ]
    seeds = [ParseDict(each, ModelInferRequest()).SerializeToString() for each in messages]
    small = [seed for seed in seeds if len(seed) <= _MOST_BYTES]
    for field, datatype in (("int_contents", "INT32"), ("bool_contents", "BOOL"), ("fp32_contents", "FP32")):
        request = ModelInferRequest(model_name="m")
        tensor = request.inputs.add(name="x", datatype=datatype, shape=[1200])
        getattr(tensor.contents, field).extend([1] * 1200)
        small.append(request.SerializeToString())
    return small


def _bodies() -> list[tuple[bytes, bytes]]:
    requests = [case["request"] for case in v2_cases.recorded() if case["transport"] == "rest"]
    return [v2_cases.runner().body_of(request, "m") for request in requests]


def json_seeds() -> list[bytes]:
    """Return the JSON of the recorded cases."""
    return [head for head, _ in _bodies() if 0 < len(head) <= _MOST_BYTES]


def flat_seeds() -> list[bytes]:
    """Return flat requests of every kind of value."""
    return [
        b'{"text_input": "Hello", "id": "7", "parameters": {"top": 3, "stream": false}}',
        b'{"a": 1, "b": 2.5, "c": true, "d": null}',
        b'{"x": [[1, 2], [3, 4]], "y": ["a", "b"], "z": []}',
    ]


def binary_seeds() -> list[bytes]:
    """Return the bodies of the recorded cases, with the length of their JSON."""
    bodies = [(head, body) for head, body in _bodies() if len(body) <= _MOST_BYTES]
    return [len(head).to_bytes(_LENGTH_BYTES) + body for head, body in bodies]
