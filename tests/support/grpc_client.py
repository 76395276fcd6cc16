"""A gRPC client with one channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_OWN_CONNECTION = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
Metadata = Sequence[tuple[str, str]]


class GrpcClient:
    """One channel, with a connection of its own, to a port of this machine.

    Args:
        port: the server's.
        options: further options of the channel.
        compression: of requests.
    """

    def __init__(
        self, port: int, options: Sequence[tuple[str, Any]] = (), compression: grpc.Compression | None = None
    ) -> None:
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{port}", options=[*_OWN_CONNECTION, *options], compression=compression
        )

    def call(self, method: str, message: Any, metadata: Metadata = ()) -> Any:
        """Call a method of ``seldon.protos``, such as ``Model/Predict``; return the SeldonMessage.

        Raises:
            grpc.RpcError: the server's error.
        """
        return self._method(method)(message, timeout=WAIT_S, metadata=metadata)

    def begin(self, method: str, message: Any) -> Any:
        """Begin such a call; return the call, whose ``result()`` can be waited for."""
        return self._method(method).future(message, timeout=WAIT_S)

    def predict(self, text: str, metadata: Metadata = ()) -> str:
        """Call ``Model/Predict`` with a text; return that of the answer."""
        answer: str = self.call("Model/Predict", SeldonMessage(strData=text), metadata).strData
        return answer

    def call_raw(self, method: str, request: bytes) -> bytes:
        """Call a method by its full name, such as ``grpc.health.v1.Health/Check``, with bytes."""
        answer: bytes = self.channel.unary_unary(f"/{method}")(request, timeout=WAIT_S)
        return answer

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()

    def _method(self, method: str) -> Any:
        return self.channel.unary_unary(
            f"/seldon.protos.{method}", lambda message: message.SerializeToString(), SeldonMessage.FromString
        )

    def __enter__(self) -> GrpcClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
