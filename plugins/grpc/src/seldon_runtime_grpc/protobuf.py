"""The public door to protobuf for services of other plugins.

It has descriptor pools apart from protobuf's default one, so that messages cannot clash with those of other
packages; protobuf's wire format; and the memory that a message takes, measured on the wire.
"""

from seldon_runtime_grpc.protos.pool import contents, pool_of, serialized_files
from seldon_runtime_grpc.v1.memory import wire_memory
from seldon_runtime_grpc.v1.wire import Part, flat, head, nested, read_varint

__all__ = [
    "Part",
    "contents",
    "flat",
    "head",
    "nested",
    "pool_of",
    "read_varint",
    "serialized_files",
    "wire_memory",
]
