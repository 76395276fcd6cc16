"""The public door to the messages of the protocol: their classes, conversion to neutral messages and back.

For code that holds ``seldon.protos`` messages outside the transport, such as libraries for classes with
``*_raw`` methods. The classes belong to the descriptor pool :data:`POOL`, which protobuf's ``json_format``
takes as ``descriptor_pool``. Conversions run on the caller's thread.
"""

from seldon_runtime_grpc.protos.pool import POOL, contents, serialized_files
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, Feedback, SeldonMessage, SeldonMessageList
from seldon_runtime_grpc.v1.decoding import decode_feedback, decode_message, decode_messages
from seldon_runtime_grpc.v1.encoding import encode_message

__all__ = [
    "POOL",
    "DefaultData",
    "Feedback",
    "SeldonMessage",
    "SeldonMessageList",
    "contents",
    "decode_feedback",
    "decode_message",
    "decode_messages",
    "encode_message",
    "serialized_files",
]
