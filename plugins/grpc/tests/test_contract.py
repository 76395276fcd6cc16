"""gRPC as every transport: the public contract suite."""

from __future__ import annotations

import math
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from grpc_health.v1 import health_pb2

from seldon_runtime.plugin import Method
from seldon_runtime.testing import WAIT_S, CallFailed, TransportContract
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import (
    Feedback,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
)
from seldon_runtime_grpc.status import REASON

# grpc shares connections between channels to one address unless told otherwise
OWN_CONNECTION = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
]
# how long a connection may take to be made: an address at which nobody accepts does not answer
IMPATIENT = [("grpc.min_reconnect_backoff_ms", 5000)]
LARGEST = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
PATHS = {
    Method.PREDICT: ("Model/Predict", SeldonMessage),
    Method.TRANSFORM_INPUT: ("Transformer/TransformInput", SeldonMessage),
    Method.TRANSFORM_OUTPUT: ("OutputTransformer/TransformOutput", SeldonMessage),
    Method.ROUTE: ("Router/Route", SeldonMessage),
    Method.AGGREGATE: ("Combiner/Aggregate", SeldonMessageList),
    Method.SEND_FEEDBACK: ("Generic/SendFeedback", Feedback),
}


def connect(address: str, *options: tuple[str, int]) -> grpc.Channel:
    options = (*OWN_CONNECTION, *LARGEST, *options)
    return grpc.insecure_channel(address.removeprefix("grpc://"), options=options)


class TestGrpc(TransportContract):
    transport = "grpc"
    methods = frozenset(PATHS)
    carries_deadlines = True

    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        path, kind = PATHS[method]
        message = ParseDict(quoted(request), kind(), descriptor_pool=POOL)
        try:
            with connect(address) as channel:
                answer = channel.unary_unary(f"/seldon.protos.{path}")(
                    message.SerializeToString(), timeout=timeout_s
                )
        except grpc.RpcError as error:
            raise failure(error) from None
        return MessageToDict(SeldonMessage.FromString(answer), descriptor_pool=POOL)

    def words_limiting(self, size: int) -> Sequence[str]:
        return ("--grpc-max-message-bytes", str(size))

    def is_ready(self, address: str) -> bool:
        with connect(address, *IMPATIENT) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            try:
                answer = check(b"", timeout=WAIT_S)
            except grpc.RpcError as error:
                raise failure(error) from None
        return health_pb2.HealthCheckResponse.FromString(answer).status == 1

    def metadata(self, address: str) -> Any:
        with connect(address) as channel:
            answer = channel.unary_unary("/seldon.protos.Model/Metadata")(b"", timeout=WAIT_S)
        return MessageToDict(SeldonModelMetadata.FromString(answer), descriptor_pool=POOL)

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        with connect(address) as channel:
            answer = channel.unary_unary("/seldon.protos.Model/Predict").future(rubbish, timeout=WAIT_S)
            assert answer.code() in {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
        host, _, port = address.removeprefix("grpc://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
            connection.sendall(rubbish)

    def leave(self, address: str, request: Any, until: Callable[[], None]) -> None:
        message = ParseDict(request, SeldonMessage(), descriptor_pool=POOL)
        with connect(address) as channel:
            predict = channel.unary_unary("/seldon.protos.Model/Predict")
            waiting = predict.future(message.SerializeToString(), timeout=WAIT_S)
            until()
            waiting.cancel()

    def stream(self, address: str, request: Any, timeout_s: float) -> Iterator[Any]:
        message = ParseDict(quoted(request), SeldonMessage(), descriptor_pool=POOL)
        with connect(address) as channel:
            call = channel.unary_stream("/seldon.protos.Model/PredictStream")(
                message.SerializeToString(), timeout=timeout_s
            )
            try:
                for item in call:
                    yield MessageToDict(SeldonMessage.FromString(item), descriptor_pool=POOL)
            except grpc.RpcError as error:
                raise failure(error) from None
            finally:
                call.cancel()


def quoted(value: Any) -> Any:
    """NaN as protobuf JSON writes it: as a text."""
    if isinstance(value, dict):
        return {key: quoted(member) for key, member in value.items()}
    if isinstance(value, list):
        return [quoted(item) for item in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def failure(error: Any) -> Exception:
    """The protocol's reason, if the service gave one; grpc's own faults otherwise."""
    reason = dict(error.trailing_metadata() or ()).get(REASON)
    if reason is not None:
        return CallFailed(reason, error.details())
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return TimeoutError(error.details())
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:  # grpc's own, of a message above its limit
        return CallFailed("MICROSERVICE_TOO_LARGE", error.details())
    return ConnectionError(f"{error.code()}: {error.details()}")
