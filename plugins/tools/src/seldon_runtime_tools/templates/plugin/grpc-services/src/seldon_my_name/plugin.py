"""The hook of the plugin, and its service on the gRPC port."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import StringValue

from seldon_runtime.plugin import Call, Codec, Kind, Message, Method, Payload, SeldonError, hookimpl
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, RequestContext


class TextCodec(Codec):
    """A ``google.protobuf.StringValue`` in both directions. Runs on the component's thread."""

    name = "my-name.text"

    def read(self, method: Method, wire: bytes) -> Message:
        """Return the request for the component. Raise SeldonError for a fault of the client."""
        try:
            return Message(Payload(Kind.STR, StringValue.FromString(wire).value))
        except DecodeError as error:
            raise SeldonError(f"the request must be a StringValue: {error}") from error

    def write(self, method: Method, answer: Message) -> bytes:
        """Return the serialized answer."""
        value = None if answer.payload is None else answer.payload.value
        return StringValue(value=str(value)).SerializeToString()


_CODEC = TextCodec()


def predict(request: bytes, context: RequestContext) -> Call:
    """Return the call that answers the request. Runs on the thread of all connections: never block."""
    return context.call(Method.PREDICT, request, _CODEC)


def version(request: bytes, context: RequestContext) -> bytes:
    """Return an answer that needs no component."""
    return StringValue(value="0.1.0").SerializeToString()


@hookimpl(optionalhook=True)
def seldon_grpc_services() -> GrpcService:
    """Return the service; called once, after the load. Add its file descriptors for reflection."""
    return GrpcService("my_name.MyName", {"Predict": GrpcMethod(predict), "Version": GrpcMethod(version)})
