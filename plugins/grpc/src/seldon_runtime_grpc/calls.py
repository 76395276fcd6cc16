"""The public door to calls in the protocol's gRPC form: the codec, and errors as gRPC status.

For servers of other libraries that answer ``seldon.protos`` requests by a component. Importing it imports
grpc.
"""

from seldon_runtime_grpc.status import status_of
from seldon_runtime_grpc.v1.codec import GrpcCodec

__all__ = ["GrpcCodec", "status_of"]
