"""A toy plugin: the service ``acme.Hello`` beside the Seldon protocol. Tests install it as a distribution."""

from __future__ import annotations

from typing import Any

from google.protobuf import empty_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from seldon_runtime.plugin import (
    Call,
    Codec,
    ErrorCode,
    Kind,
    Message,
    Method,
    Payload,
    SeldonError,
    Service,
    Settings,
    hookimpl,
)
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, RequestContext


def _described() -> FileDescriptorProto:
    """Return what protoc makes of a file with one message and one service."""
    file = FileDescriptorProto(name="acme/hello.proto", package="acme", syntax="proto3")
    file.dependency.append("google/protobuf/empty.proto")
    greeting = file.message_type.add(name="Greeting")
    text, optional = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.LABEL_OPTIONAL
    greeting.field.add(name="text", number=1, type=text, label=optional)
    service = file.service.add(name="Hello")
    for name in ("Greet", "Secret", "Broken"):
        service.method.add(name=name, input_type=".acme.Greeting", output_type=".acme.Greeting")
    service.method.add(name="Ping", input_type=".google.protobuf.Empty", output_type=".google.protobuf.Empty")
    return file


FILE = _described()
_POOL = DescriptorPool()
_POOL.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
_POOL.AddSerializedFile(FILE.SerializeToString())
Greeting: Any = GetMessageClass(_POOL.FindMessageTypeByName("acme.Greeting"))


class GreetingCodec(Codec):
    """Reads and writes ``acme.Greeting`` messages as texts."""

    name = "acme.hello"

    def read(self, method: Method, wire: bytes) -> Message:
        """Return the text."""
        return Message(Payload(Kind.STR, Greeting.FromString(wire).text))

    def write(self, method: Method, answer: Message) -> bytes:
        """Return the component's answer as a greeting."""
        assert answer.payload is not None
        written: bytes = Greeting(text=f"hello {answer.payload.value}").SerializeToString()
        return written


CODEC = GreetingCodec()


def greet(request: bytes, context: RequestContext) -> Call:
    """Have the component predict."""
    return context.call(Method.PREDICT, request, CODEC)


def ping(request: bytes, context: RequestContext) -> bytes:
    """Answer without the component."""
    return b""


def secret(request: bytes, context: RequestContext) -> Call:
    """Refuse."""
    raise SeldonError("no key", code=ErrorCode.UNAUTHENTICATED, headers={"WWW-Authenticate": "Bearer"})


def broken(request: bytes, context: RequestContext) -> Call:
    """Fail, as a faulty plugin does."""
    raise ValueError("a fault of the plugin")


HELLO = GrpcService(
    "acme.Hello",
    {
        "Greet": GrpcMethod(greet),
        "Ping": GrpcMethod(ping),
        "Secret": GrpcMethod(secret),
        "Broken": GrpcMethod(broken),
    },
    [FILE.SerializeToString()],
)


@hookimpl(optionalhook=True)
def seldon_grpc_services(service: Service, settings: Settings) -> GrpcService:
    """Return the service."""
    return HELLO
