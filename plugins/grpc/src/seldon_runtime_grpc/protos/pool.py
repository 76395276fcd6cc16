"""The descriptor pool that holds the protocol's messages, and nothing of anybody else."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

DESCRIPTORS = "descriptors.binpb"
"""The compiled sources, in this folder; ``compile_protos.py`` of the distribution makes it."""


def _filled() -> DescriptorPool:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString((files(__package__) / DESCRIPTORS).read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())  # dependencies come first
    return pool


POOL = _filled()


def source(name: str) -> FileDescriptor:
    """The descriptor of one of the sources, such as ``prediction.proto``."""
    return POOL.FindFileByName(f"{__package__.replace('.', '/')}/{name}")


def contents(file: FileDescriptor) -> dict[str, Any]:
    """What a generated module of ``file`` would define: its messages by name."""
    messages = file.message_types_by_name
    return {name: GetMessageClass(message) for name, message in messages.items()}
