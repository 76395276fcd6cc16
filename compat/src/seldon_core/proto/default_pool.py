"""The messages of the v1 protocol in protobuf's default descriptor pool.

There their fields have the classes that ``google.protobuf``, TensorFlow and generated code use, so that a
``Value`` or a ``TensorProto`` of anybody fits.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2, descriptor_pool, empty_pb2, struct_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from seldon_runtime_grpc.messages import serialized_files
from seldon_runtime_grpc.protos import prediction_pb2 as private_messages

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

logger = logging.getLogger(__name__)

_MESSAGE = "seldon.protos.SeldonMessage"
_TENSOR = "tensorflow.TensorProto"
_TENSORFLOWS_OWN = "tensorflow.core.framework.tensor_pb2"
_GOOGLES = (any_pb2.DESCRIPTOR, empty_pb2.DESCRIPTOR, struct_pb2.DESCRIPTOR)


@cache
def prediction_file() -> FileDescriptor:
    """Return ``prediction.proto`` of the default pool; add it if no other code has done so.

    ``TensorProto`` is TensorFlow's own when TensorFlow is installed. If the default pool has messages of
    these names that do not fit, the private messages of the gRPC plugin are returned, with a warning.
    """
    pool = descriptor_pool.Default()
    try:
        return pool.FindFileContainingSymbol(_MESSAGE)
    except KeyError:
        pass
    *_, tensor, prediction = map(FileDescriptorProto.FromString, serialized_files())
    try:
        file_with_tensor = _tensor_file(pool, tensor)
        del prediction.dependency[:]
        prediction.dependency.extend([*(file.name for file in _GOOGLES), file_with_tensor])
        pool.AddSerializedFile(prediction.SerializeToString())
        return pool.FindFileContainingSymbol(_MESSAGE)
    except TypeError as error:
        logger.warning("the messages of prediction.proto do not fit protobuf's default pool: %s", error)
        return private_messages.DESCRIPTOR


def _tensor_file(pool: Any, tensor: FileDescriptorProto) -> str:
    """Return the name of the file with ``TensorProto``; add ours without TensorFlow."""
    if find_spec("tensorflow") is not None:
        import_module(_TENSORFLOWS_OWN)
    try:
        name: str = pool.FindFileContainingSymbol(_TENSOR).name
        return name
    except KeyError:
        pool.AddSerializedFile(tensor.SerializeToString())
        return tensor.name
