"""Descriptor pools apart from protobuf's default one, such as that of the protocol's messages."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default, DescriptorPool
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor
    from google.protobuf.message import Message

DESCRIPTORS = "descriptors.binpb"
"""The compiled sources, a file in this folder; ``compile_protos.py`` of the distribution writes it."""


def serialized_files(package: str = __package__) -> tuple[bytes, ...]:
    """Return the serialized file descriptors in a package's descriptor set; imports come first."""
    described = FileDescriptorSet.FromString((files(package) / DESCRIPTORS).read_bytes())
    return tuple(file.SerializeToString() for file in described.file)


def pool_of(serialized: Iterable[bytes]) -> DescriptorPool:
    """Return a descriptor pool of its own for serialized file descriptors, of which imports come first."""
    pool = DescriptorPool()
    for file in serialized:
        pool.AddSerializedFile(file)
    return pool


POOL = pool_of(serialized_files())


def source(name: str) -> FileDescriptor:
    """Return the descriptor of one of the sources, such as ``prediction.proto``."""
    return POOL.FindFileByName(f"{__package__.replace('.', '/')}/{name}")


def as_known_to_users(message: Message) -> Message:
    """Return a copy of a message in the class of its name in protobuf's default pool; itself without one.

    The default pool has these messages when user code imports generated ones, or ``seldon_core.proto``.
    """
    try:
        known = Default().FindMessageTypeByName(message.DESCRIPTOR.full_name)
    except KeyError:
        return message
    copy: Message = GetMessageClass(known).FromString(message.SerializeToString())
    return copy


def contents(file: FileDescriptor) -> dict[str, Any]:
    """Return the messages of ``file`` by name, which a generated module would define."""
    messages = file.message_types_by_name
    return {name: GetMessageClass(message) for name, message in messages.items()}
