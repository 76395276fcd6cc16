"""A component that remembers nothing, behind every protocol: its answers must not depend on earlier calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component import result
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Call, Codec, Limits, Method, SeldonError
from seldon_runtime.protocols.libraries import forms
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.served import run_call
from seldon_runtime_grpc.calls import GrpcCodec
from seldon_runtime_grpc.messages import SeldonMessage
from seldon_runtime_grpc.v1 import encoding
from seldon_runtime_grpc.v1.heads import AnswerHeads
from seldon_runtime_rest.extension import HttpResponse
from seldon_runtime_rest.v1.codec import RestCodec
from seldon_runtime_rest.v1.json_text import dumper
from seldon_runtime_v2.grpc.codec import InferCodec as GrpcInfer
from seldon_runtime_v2.grpc.heads import Heads as GrpcHeads
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec as RestInfer
from seldon_runtime_v2.rest.heads import Heads as RestHeads

LIMITS = Limits()
Make = Callable[[], Any]
"""Makes the result of a call, or raises its exception."""


@dataclass(frozen=True)
class Request:
    """One request in the bytes of its protocol."""

    protocol: str
    """A key of :data:`CODECS`."""
    wire: bytes
    header_length: int | None = None
    """The length of the JSON before binary data; None if all of the body is JSON."""


class Scripted:
    """Predicts what a test says, and keeps a description of its arguments."""

    make: Make

    def predict(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        self.seen = _described(X), repr(features_names), repr(meta)
        return self.make()


class Endpoints:
    """A component, and the objects of each protocol that live as long as a transport.

    Args:
        user: the component.
        non_finite: the form of NaN in JSON.
    """

    def __init__(self, user: Scripted, non_finite: NonFinite = NonFinite.NULL) -> None:
        self._user = user
        self.adapter = ComponentAdapter(user)
        service = ComponentService(
            Unit(self.adapter, Executor(), user=user), metadata=self.adapter.metadata()
        )
        self.model = ServedModel(service, "m", non_finite)
        self.rest_heads = RestHeads(self.model, LIMITS)
        self.grpc_heads = GrpcHeads(self.model)
        self.rest = RestCodec(LIMITS, dumper(non_finite=non_finite))
        self.grpc = GrpcCodec(LIMITS, non_finite)

    def answer(self, request: Request, make: Make) -> Any:
        """Return the answer of one call or its error, the rows that it counts, and what the component saw."""
        self._user.make, self._user.seen = make, ()
        codec = CODECS[request.protocol](self, request)
        written: Any
        try:
            written = run_call(self.adapter, Call(Method.PREDICT, request.wire, codec, "test"))
        except SeldonError as error:
            return error.code, error.message, self._user.seen
        if isinstance(written, HttpResponse):
            written = written.status, written.content_type, written.headers, written.body
        return written, getattr(codec, "rows", None), self._user.seen


CODECS: Mapping[str, Callable[[Endpoints, Request], Codec]] = {
    "v1 REST": lambda ends, request: ends.rest,
    "v1 gRPC": lambda ends, request: ends.grpc,
    "V2 REST": lambda ends, request: RestInfer(ends.model, LIMITS, ends.rest_heads, request.header_length),
    "V2 gRPC": lambda ends, request: GrpcInfer(ends.model, LIMITS, ends.grpc_heads),
}


def forget() -> None:
    """Empty what the process remembers beside the objects of a transport."""
    encoding._HEADS = AnswerHeads()
    forms._kept_conversion.cache_clear()
    result._kept_names.cache_clear()


def fresh_answer(
    user: type[Scripted], request: Request, make: Make, non_finite: NonFinite = NonFinite.NULL
) -> Any:
    """Return the result of :meth:`Endpoints.answer` for the first call of a process."""
    forget()
    return Endpoints(user(), non_finite).answer(request, make)


def _described(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return type(value), value.dtype.str, value.shape, repr(value.tolist()), value.flags.writeable
    return type(value), repr(value)


def v1_json(**members: Any) -> Request:
    """Return a request of v1's REST."""
    return Request("v1 REST", json.dumps(members).encode())


def v1_tensor(
    shape: Sequence[int], values: Sequence[float], names: Sequence[str] = (), **meta: Any
) -> Request:
    """Return a request of v1's gRPC with a tensor."""
    message = SeldonMessage()
    message.data.names.extend(names)
    message.data.tensor.shape.extend(shape)
    message.data.tensor.values.extend(values)
    for name, value in meta.items():
        setattr(message.meta, name, value)
    return Request("v1 gRPC", message.SerializeToString())


def v2_json(datatype: str, shape: Sequence[int], data: Any, **members: Any) -> Request:
    """Return a request of V2's JSON with one input."""
    given = {"name": "x", "shape": shape, "datatype": datatype, "data": data}
    return Request("V2 REST", json.dumps({"inputs": [given], **members}).encode())


def v2_binary(datatype: str, array: NDArray[Any], **members: Any) -> Request:
    """Return a request of V2's REST with binary data, which asks for binary data."""
    data = array.tobytes()
    size = {"binary_data_size": len(data)}
    given = {"name": "x", "shape": array.shape, "datatype": datatype, "parameters": size}
    members = {"parameters": {"binary_data_output": True}, **members}
    text = json.dumps({"inputs": [given], **members}).encode()
    return Request("V2 REST", text + data, len(text))


def v2_raw(datatype: str, array: NDArray[Any], request_id: str = "") -> Request:
    """Return a request of V2's gRPC with raw contents."""
    tensor = {"name": "x", "shape": array.shape, "datatype": datatype}
    message = ModelInferRequest(
        model_name="m", id=request_id, inputs=[tensor], raw_input_contents=[array.tobytes()]
    )
    return Request("V2 gRPC", message.SerializeToString())


def v2_typed(array: NDArray[Any]) -> Request:
    """Return a request of V2's gRPC with the contents of FP64."""
    tensor = {"name": "x", "shape": array.shape, "datatype": "FP64"}
    message = ModelInferRequest(model_name="m", inputs=[tensor])
    message.inputs[0].contents.fp64_contents.extend(array.reshape(-1))
    return Request("V2 gRPC", message.SerializeToString())
