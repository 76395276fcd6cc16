"""The codec: serialized protobuf messages on the wire, message objects for raw methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import DecodeError, Message

from seldon_runtime import message as neutral
from seldon_runtime.codec import Request
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime_grpc.decoding import decode_feedback, decode_message, decode_messages
from seldon_runtime_grpc.encoding import encode_message, unwritable
from seldon_runtime_grpc.heads import RequestHeads
from seldon_runtime_grpc.meta import fill_meta, metric_to_dict
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from seldon_runtime_grpc.status import code_of

_REQUESTS: dict[Method, type[Message]] = {
    Method.AGGREGATE: SeldonMessageList,
    Method.SEND_FEEDBACK: Feedback,
}
_DECODERS: dict[Method, Callable[[Any, Limits], Request]] = {
    Method.AGGREGATE: decode_messages,
    Method.SEND_FEEDBACK: decode_feedback,
}


class GrpcCodec:
    """Reads and writes ``seldon.protos`` messages.

    Args:
        limits: of array sizes.
    """

    name = "grpc"

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._request_heads = RequestHeads()

    def hooks(self, method: Method) -> Sequence[str]:
        """``grpc``; feedback has one old hook for both transports, ``send_feedback_rest``, too."""
        return ("grpc", "rest") if method is Method.SEND_FEEDBACK else ("grpc",)

    def parse(self, method: Method, wire: Any) -> Any:
        """A SeldonMessage, SeldonMessageList or Feedback."""
        kind = _REQUESTS.get(method, SeldonMessage)
        try:
            return kind.FromString(wire)
        except DecodeError as error:
            raise SeldonError(f"the request is no {kind.DESCRIPTOR.full_name}: {error}") from error

    def decode(self, method: Method, parsed: Any) -> Request:
        """The neutral request."""
        decode = _DECODERS.get(method, decode_message)
        return decode(parsed, self.limits)

    def read(self, method: Method, wire: Any) -> Request:
        """As :meth:`parse` and :meth:`decode`; quicker for requests that are like earlier ones."""
        if method in _REQUESTS:
            return self.decode(method, self.parse(method, wire))
        request = self._request_heads.read(wire)
        if request is None:
            request = decode_message(self.parse(method, wire), self.limits)
            self._request_heads.learn(wire, request)
        return request

    def encode(self, method: Method, answer: neutral.Message) -> bytes:
        """A serialized SeldonMessage."""
        return encode_message(answer)

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[str, int]:
        """The name of the gRPC code and the bytes of the message."""
        if error is not None:
            return code_of(error).name, 0
        return "OK", len(answer)

    def encode_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> bytes:
        """The message a raw method returned, of whatever pool, or its dict in protobuf JSON form."""
        message = _message(answer)
        if not show_metrics and message.HasField("meta") and len(message.meta.metrics):
            shown = SeldonMessage.FromString(message.SerializeToString())  # the user may keep the answer
            shown.meta.ClearField("metrics")
            message = shown
        written: bytes = message.SerializeToString()
        return written

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Those in the answer's meta, as dicts."""
        return [metric_to_dict(metric) for metric in _message(answer).meta.metrics]

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """The message."""
        return parsed

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """The message; for a ``send_feedback_rest`` its JSON text."""
        return MessageToJson(parsed, descriptor_pool=POOL) if hook == "rest" else parsed

    def annotate(self, method: Method, parsed: Any, annotation: neutral.Message) -> bytes:
        """The request with tags, request path and metrics added to its meta."""
        try:
            fill_meta(parsed.meta, annotation.meta)
        except (TypeError, ValueError, OverflowError) as error:
            raise unwritable(error) from error
        written: bytes = parsed.SerializeToString()
        return written


def _message(answer: Any) -> Any:
    """What a raw method returned as a SeldonMessage: its own one, or one made of its dict."""
    if isinstance(answer, dict):
        try:
            return ParseDict(answer, SeldonMessage(), descriptor_pool=POOL)
        except (ParseError, TypeError, ValueError) as error:
            raise unwritable(error) from error
    if getattr(getattr(answer, "DESCRIPTOR", None), "full_name", None) != SeldonMessage.DESCRIPTOR.full_name:
        raise SeldonError(
            f"a raw method returned {type(answer).__name__}, expected a SeldonMessage or a dict",
            code=ErrorCode.COMPONENT_FAILED,
        )
    return answer
