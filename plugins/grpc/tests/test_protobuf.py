from __future__ import annotations

import numpy as np
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default

from seldon_runtime_grpc.protobuf import (
    contents,
    flat,
    head,
    nested,
    pool_of,
    read_varint,
    serialized_files,
    wire_memory,
)

FIELD = FieldDescriptorProto


def _classes():
    file = FileDescriptorProto(name="acme/array.proto", package="acme", syntax="proto3")
    array = file.message_type.add(name="Array")
    array.field.add(name="values", number=1, type=FIELD.TYPE_FLOAT, label=FIELD.LABEL_REPEATED)
    outer = file.message_type.add(name="Named")
    outer.field.add(name="name", number=1, type=FIELD.TYPE_STRING, label=FIELD.LABEL_OPTIONAL)
    outer.field.add(
        name="array", number=20, type=FIELD.TYPE_MESSAGE, type_name=".acme.Array", label=FIELD.LABEL_OPTIONAL
    )
    return contents(pool_of([file.SerializeToString()]).FindFileByName("acme/array.proto"))


def test_messages_of_a_pool_of_their_own_are_unknown_to_the_default_pool():
    assert _classes()["Named"](name="x").name == "x"
    try:
        Default().FindMessageTypeByName("acme.Named")
    except KeyError:
        return
    raise AssertionError("the default pool knows acme.Named")


def test_an_array_is_written_into_a_message_as_protobuf_writes_it():
    named = _classes()["Named"]
    values = np.arange(1000, dtype="<f4")
    parts = [b"\x0a\x01x", *nested(20, nested(1, [flat(values)]))]
    message = named.FromString(b"".join(parts))
    assert (message.name, list(message.array.values)) == ("x", values.tolist())
    assert b"".join(parts) == message.SerializeToString(deterministic=True)
    assert read_varint(head(20, 300), 2) == (300, 4)


def test_the_memory_of_a_message_covers_its_bytes_several_times():
    message = _classes()["Named"](name="x" * 1000)
    assert 1000 < wire_memory(message.SerializeToString(), message.DESCRIPTOR) < 10_000


def test_the_files_of_a_package_come_in_the_order_of_their_imports():
    names = [
        FileDescriptorProto.FromString(file).name for file in serialized_files("seldon_runtime_grpc.protos")
    ]
    assert names.index("google/protobuf/any.proto") < names.index(
        "seldon_runtime_grpc/protos/prediction.proto"
    )
