"""The gRPC codec with messages of ``prediction_pb2`` as answers."""

from __future__ import annotations

from typing import Any

from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_runtime.plugin import Limits, Message, Method
from seldon_runtime_grpc.calls import GrpcCodec


class MessageCodec(GrpcCodec):
    """A codec that reads serialized messages and answers with messages. A raw answer stays as it is."""

    def __init__(self) -> None:
        super().__init__(Limits())

    def write(self, method: Method, answer: Message) -> Any:
        """Return a SeldonMessage."""
        return SeldonMessage.FromString(super().write(method, answer))

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """Return the answer as it is."""
        return answer
