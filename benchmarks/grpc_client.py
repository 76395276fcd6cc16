"""One client over gRPC that measures its round trips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import grpc

from benchmarks.load import PREDICT
from benchmarks.measuring import median_ms
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
]


class GrpcClient:
    """Sends an array as ``data.tensor`` again and again.

    Args:
        port: port of the server on this machine.
        array: ``(n_rows, n_columns)`` float64.
    """

    def __init__(self, port: int, array: Any) -> None:
        message = SeldonMessage()
        message.data.tensor.shape.extend(array.shape)
        message.data.tensor.values.extend(array.ravel())
        self._request = message.SerializeToString()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_OPTIONS)
        self._predict: Any = self._channel.unary_unary(PREDICT)

    def round_trip(self) -> Mapping[str, float]:
        """Return the median time of a call, in milliseconds."""
        return {"ms": median_ms(lambda: self._predict(self._request, timeout=600))}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
