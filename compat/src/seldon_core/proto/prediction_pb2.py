"""The messages of ``prediction.proto``, in protobuf's default descriptor pool."""

from seldon_core.proto.default_pool import prediction_file
from seldon_runtime_grpc.messages import contents
from seldon_runtime_grpc.protos.prediction_pb2 import *  # noqa: F403 - the names, for type checkers

DESCRIPTOR = prediction_file()
globals().update(contents(DESCRIPTOR))
