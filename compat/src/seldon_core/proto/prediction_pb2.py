"""The messages of ``prediction.proto``: those of the gRPC plugin, in a descriptor pool of their own."""

from seldon_runtime_grpc.protos import prediction_pb2 as _messages
from seldon_runtime_grpc.protos.prediction_pb2 import *  # noqa: F403 - a module like a generated one

DESCRIPTOR = _messages.DESCRIPTOR
