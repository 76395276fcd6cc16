"""The gRPC codec: ``seldon.protos`` messages, serialized on the wire, as objects for raw methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import DecodeError, Message

from seldon_runtime import plugin as neutral
from seldon_runtime.plugin import UNCOUNTED_BYTES, ErrorCode, Limits, Method, RawCodec, Request, SeldonError
from seldon_runtime.protocols.collector import paused_collector
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.protocols.plain_values import plain_value
from seldon_runtime_grpc.protos.pool import POOL, as_known_to_users
from seldon_runtime_grpc.protos.prediction_pb2 import (
    Feedback,
    SeldonGraphMetadata,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
)
from seldon_runtime_grpc.status import code_of
from seldon_runtime_grpc.v1.decoding import decode_feedback, decode_message, decode_messages
from seldon_runtime_grpc.v1.encoding import encode_message, unwritable
from seldon_runtime_grpc.v1.heads import RequestHeads
from seldon_runtime_grpc.v1.memory import wire_memory
from seldon_runtime_grpc.v1.meta import fill_meta, metric_to_dict
from seldon_runtime_grpc.v1.payload_count import check_payloads

_REQUESTS: dict[Method, type[Message]] = {
    Method.AGGREGATE: SeldonMessageList,
    Method.SEND_FEEDBACK: Feedback,
}
_DECODERS: dict[Method, Callable[[Any, Limits], Request]] = {
    Method.AGGREGATE: decode_messages,
    Method.SEND_FEEDBACK: decode_feedback,
}
_MODELS = "models"
"""The member of a graph's metadata with the documents of its nodes."""
_METADATA = Method.METADATA  # looking up a member of an Enum takes a thousand instructions (Python 3.11)


class GrpcCodec(RawCodec):
    """Reads and writes ``seldon.protos`` messages.

    Args:
        limits: the largest arrays that a request may have.
        non_finite: the form of NaN and infinities in a ``google.protobuf.Value``.
    """

    name = "grpc"
    media_type = "application/protobuf"
    memory_times = 512  # two bytes may be an empty metric, which becomes large objects

    def __init__(self, limits: Limits, non_finite: NonFinite = NonFinite.NULL) -> None:
        self.limits = limits
        self._non_finite = non_finite
        self._request_heads = RequestHeads()

    def hooks(self, method: Method) -> Sequence[str]:
        """Return ``grpc``, and for feedback also ``rest``: both transports call ``send_feedback_rest``."""
        return ("grpc", "rest") if method is Method.SEND_FEEDBACK else ("grpc",)

    def parse(self, method: Method, wire: Any) -> Any:
        """Return the SeldonMessage, SeldonMessageList or Feedback of these bytes.

        Raises:
            SeldonError: the bytes are not such a message, or a message has two payloads.
        """
        kind = _REQUESTS.get(method, SeldonMessage)
        try:
            message = kind.FromString(wire)
        except DecodeError as error:
            raise SeldonError(f"the request is not a valid {kind.DESCRIPTOR.full_name}: {error}") from error
        check_payloads(method, wire)
        return message

    def memory(self, method: Method, wire: Any) -> int:
        """Return an upper estimate of the bytes that parsing and decoding take, from the wire."""
        if method not in _REQUESTS and self._request_heads.knows(wire):
            return len(wire)
        return wire_memory(wire, _REQUESTS.get(method, SeldonMessage).DESCRIPTOR)

    def decode(self, method: Method, parsed: Any) -> Request:
        """Return the neutral request."""
        decode = _DECODERS.get(method, decode_message)
        return decode(parsed, self.limits)

    def read(self, method: Method, wire: Any) -> Request:
        """Parse and decode a request; skip the message object for a tensor that looks like an earlier one."""
        if method in _REQUESTS:
            listed: Request = self._parsed(method, wire)
            return listed
        request = self._request_heads.read(wire)
        if request is None:
            request = self._parsed(method, wire)
            self._request_heads.learn(wire, request)
        return request

    def _parsed(self, method: Method, wire: bytes) -> Any:
        if len(wire) <= UNCOUNTED_BYTES:
            request: Any = self.decode(method, self.parse(method, wire))
        else:
            with paused_collector():
                request = self.decode(method, self.parse(method, wire))
        return request

    def write(self, method: Method, answer: neutral.Message) -> bytes:
        """Return a serialized SeldonMessage; for metadata, a serialized SeldonModelMetadata."""
        if method is not _METADATA:
            return encode_message(answer, self._non_finite)
        return _metadata(answer, SeldonModelMetadata())

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[str, int]:
        """Return the name of the gRPC status code, and the size of the message in bytes."""
        if error is not None:
            return code_of(error).name, 0
        return "OK", 0 if answer is None else len(answer)  # None after a stream

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> bytes:
        """Return the serialized answer of a raw method: a message, or a dict in protobuf's JSON form."""
        message = _message(answer)
        if not show_metrics and message.HasField("meta") and len(message.meta.metrics):
            shown = SeldonMessage.FromString(message.SerializeToString())  # the user may keep the answer
            shown.meta.ClearField("metrics")
            message = shown
        written: bytes = message.SerializeToString()
        return written

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Return the metrics in the meta of a raw method's answer, as dicts."""
        return [metric_to_dict(metric) for metric in _message(answer).meta.metrics]

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """Return the message, of the class that user code knows by its name in protobuf's default pool."""
        return as_known_to_users(parsed)

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """Return the message like :meth:`raw_argument`, or its JSON text for ``send_feedback_rest``."""
        if hook == "rest":
            return MessageToJson(parsed, descriptor_pool=POOL)
        return as_known_to_users(parsed)

    def annotate(self, method: Method, parsed: Any, annotation: neutral.Message) -> bytes:
        """Return the serialized request with the annotation's meta added to its own.

        Raises:
            SeldonError: protobuf cannot hold the annotation.
        """
        try:
            fill_meta(parsed.meta, annotation.meta, self._non_finite)
        except (TypeError, ValueError, OverflowError) as error:
            raise unwritable(error) from error
        written: bytes = parsed.SerializeToString()
        return written


class GraphMetadataCodec(GrpcCodec):
    """Writes the metadata of a graph, which has documents of its nodes."""

    def write(self, method: Method, answer: neutral.Message) -> bytes:
        """Return a serialized SeldonGraphMetadata.

        Raises:
            SeldonError: NOT_IMPLEMENTED for the document of a single component.
        """
        document: Any = answer.payload.value if answer.payload is not None else {}
        if _MODELS not in document:
            raise SeldonError("this is one component, not a graph", code=ErrorCode.NOT_IMPLEMENTED)
        return _metadata(answer, SeldonGraphMetadata())


def _metadata(answer: neutral.Message, message: Message) -> bytes:
    document: Any = answer.payload.value if answer.payload is not None else {}
    try:
        message = ParseDict(document, message, ignore_unknown_fields=True, descriptor_pool=POOL)
    except (ParseError, TypeError, ValueError) as error:
        raise SeldonError(
            f"the metadata cannot be written as protobuf: {error}", code=ErrorCode.BAD_METADATA
        ) from error
    written: bytes = message.SerializeToString()
    return written


def _message(answer: Any) -> Any:
    """Return a raw method's answer, a SeldonMessage or a dict, as a SeldonMessage."""
    if isinstance(answer, dict):
        try:
            return ParseDict(plain_value(answer), SeldonMessage(), descriptor_pool=POOL)
        except (ParseError, TypeError, ValueError, RecursionError) as error:
            raise unwritable(error) from error
    if getattr(getattr(answer, "DESCRIPTOR", None), "full_name", None) != SeldonMessage.DESCRIPTOR.full_name:
        raise SeldonError(
            f"a raw method returned {type(answer).__name__}, expected a SeldonMessage or a dict",
            code=ErrorCode.COMPONENT_FAILED,
        )
    return answer
