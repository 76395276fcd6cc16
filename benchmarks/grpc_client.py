"""One client over gRPC that measures its round trips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import grpc

from benchmarks.load import PREDICT, Rpc
from benchmarks.measuring import median_ms
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest

_INFER = "/inference.GRPCInferenceService/ModelInfer"
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
]


def tensor_rpc(array: Any) -> Rpc:
    """Return a prediction of ``(n_rows, n_columns)`` float64 as ``data.tensor``."""
    message = SeldonMessage()
    message.data.tensor.shape.extend(array.shape)
    message.data.tensor.values.extend(array.ravel())
    return Rpc(PREDICT, message.SerializeToString(), array.nbytes)


def infer_rpc(model: str, array: Any) -> Rpc:
    """Return an inference with the input ``x`` of FP32 as raw contents."""
    request = ModelInferRequest(model_name=model, raw_input_contents=[array.tobytes()])
    request.inputs.add(name="x", datatype="FP32", shape=array.shape)
    return Rpc(_INFER, request.SerializeToString(), array.nbytes)


class GrpcClient:
    """Sends the same message again and again.

    Args:
        port: port of the server on this machine.
        rpc: the call.
    """

    def __init__(self, port: int, rpc: Rpc) -> None:
        self._rpc = rpc
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
        self._call: Any = self._channel.unary_unary(rpc.path)

    def round_trip(self) -> Mapping[str, float]:
        """Return the median time of a call, in milliseconds.

        Raises:
            SystemExit: a response is too small.
        """
        if len(self._call(self._rpc.message, timeout=600)) < self._rpc.least_bytes:
            raise SystemExit(f"a response of {self._rpc.path} is too small")
        return {"ms": median_ms(lambda: self._call(self._rpc.message, timeout=600))}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
