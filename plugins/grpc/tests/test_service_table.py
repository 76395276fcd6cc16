"""The services of several plugins in one table: names and file descriptors that clash stop the start."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime.plugin import StartupError
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService

from . import hello


def test_files_of_several_services_cannot_clash(serve_hello):
    """Another tensor.proto of the same messages, as TensorFlow Serving's clients have one."""
    other = FileDescriptorProto(name="other/tensor.proto", package="tensorflow", syntax="proto3")
    other.message_type.add(name="TensorProto")
    empty = FileDescriptorProto(name="acme/empty.proto", package="acme", syntax="proto3")
    empty.dependency.append("other/tensor.proto")
    empty.service.add(name="Empty").method.add(
        name="Do", input_type=".tensorflow.TensorProto", output_type=".tensorflow.TensorProto"
    )
    files = [empty.SerializeToString(), other.SerializeToString()]
    client = serve_hello(hello.HELLO, GrpcService("acme.Empty", {"Do": GrpcMethod(hello.ping)}, files))
    database = ProtoReflectionDescriptorDatabase(client.channel)
    assert {"acme.Hello", "acme.Empty", "seldon.protos.Model"} < set(database.get_services())
    assert database.FindFileContainingSymbol("acme.Empty").name == "acme/empty.proto"
    database = ProtoReflectionDescriptorDatabase(client.channel)  # the other one knows TensorProto already
    assert database.FindFileContainingSymbol("tensorflow.TensorProto").name.endswith("protos/tensor.proto")


@pytest.mark.parametrize(
    "name", ["seldon.protos.Model", "grpc.health.v1.Health", "state", "live", "", "acme.Hello"]
)
def test_a_name_that_is_in_use_stops_the_start(serve_hello, name):
    with pytest.raises(StartupError, match=f"a plugin has a gRPC service '{name}', which .* has too"):
        serve_hello(hello.HELLO, GrpcService(name, {}))


def test_something_else_than_a_service_stops_the_start(serve_hello):
    with pytest.raises(StartupError, match=r"a plugin returned str .* expected a GrpcService"):
        serve_hello("acme.Hello")


MISSING = FileDescriptorProto(name="acme/missing.proto", dependency=["acme/other.proto"])
UNKNOWN = FileDescriptorProto(name="acme/unknown.proto", dependency=["google/protobuf/nothing.proto"])
WRONG = FileDescriptorProto(name="acme/wrong.proto", syntax="proto3")
WRONG.service.add(name="Hello").method.add(name="Greet", input_type=".acme.No", output_type=".acme.No")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"\xff", "service acme.Other has an invalid file descriptor"),
        (MISSING.SerializeToString(), "lacks the file descriptor of acme/other.proto"),
        (UNKNOWN.SerializeToString(), "lacks the file descriptor of google/protobuf/nothing.proto"),
        (WRONG.SerializeToString(), "invalid file descriptor acme/wrong.proto"),
    ],
)
def test_file_descriptors_that_cannot_be_used_stop_the_start(serve_hello, file, message):
    with pytest.raises(StartupError, match=message):
        serve_hello(GrpcService("acme.Other", {"Do": GrpcMethod(hello.ping)}, [file]))
