"""The messages of ``inference.proto``, in a descriptor pool of their own."""

from seldon_runtime_grpc.protobuf import pool_of, serialized_files

FILES = serialized_files(__name__)
POOL = pool_of(FILES)
