"""The v1 JSON codec for HTTP: it also sets the status, and passes bodies through unchanged on demand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seldon_runtime.plugin import UNCOUNTED_BYTES, ErrorCode, Limits, Method, Request, SeldonError
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime_rest.response import CallResponse, HttpResponse, status_of
from seldon_runtime_rest.v1.json_text import fragment, loads
from seldon_runtime_rest.v1.large_arrays import LEAST_BYTES, array_memory, loads_with_array, may_have_array

_SEVERAL_MESSAGES = frozenset({Method.AGGREGATE, Method.SEND_FEEDBACK})


class RestCodec(JsonCodec):
    """A codec whose wire answers are :class:`HttpResponse` objects."""

    def __init__(self, limits: Limits, dumps: Callable[[Any], bytes]) -> None:
        super().__init__(limits, loads, dumps, name="rest")

    def read(self, method: Method, wire: Any) -> Request:
        """Return the neutral request; a large array goes straight into NumPy."""
        if type(wire) is bytes and len(wire) >= LEAST_BYTES and method not in _SEVERAL_MESSAGES:
            self.limits.check_body(len(wire))
            parsed = loads_with_array(wire, self.limits.max_nesting)
            if parsed is not None:
                return self.decode(method, parsed)
            if len(wire) > UNCOUNTED_BYTES and may_have_array(wire):  # which turned out to be unusual
                self.limits.check_memory(len(wire) + super().memory(method, wire))
        return self.decode(method, self.parse(method, wire))

    def memory(self, method: Method, wire: Any) -> int:
        """Return an upper estimate of the bytes that reading takes; an array of numbers takes little."""
        if type(wire) is bytes and len(wire) >= LEAST_BYTES and method not in _SEVERAL_MESSAGES:
            needed = array_memory(wire, self.limits.max_request_memory // 8)
            if needed is not None:
                return needed
        return super().memory(method, wire)

    def to_wire(self, value: Any) -> HttpResponse:
        """Return a response with status 200 whose body is the value as JSON."""
        return CallResponse(200, JsonCodec.to_wire(self, value))

    def kept(self, value: Any) -> Any:
        """Return a value whose text is written already."""
        return fragment(self._dumps(value))

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int, int]:
        """Return the HTTP status and the bytes of the body; 0 for a stream."""
        if error is not None:
            return status_of(error), 0
        if isinstance(answer, HttpResponse):
            return answer.status, len(answer.body)
        return (200 if answer is None else 500), 0  # None after a stream

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """Return the parsed value; for feedback a protobuf message if user code knows its class."""
        if method is Method.SEND_FEEDBACK and (feedback := _feedback_message(parsed)) is not None:
            return feedback
        return super().raw_argument(method, parsed)

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> HttpResponse:
        """Return a response whose status is ``status.code`` of a raw prediction."""
        answer = _plain(answer)
        written: HttpResponse = super().write_raw(method, answer, show_metrics=show_metrics)
        if method is Method.PREDICT and isinstance(answer, dict) and "status" in answer:
            return HttpResponse(_raw_status(answer["status"]), written.body)
        return written


class PassthroughCodec(RestCodec):
    """The codec of PAYLOAD_PASSTHROUGH: ``predict_raw`` receives bytes and returns bytes."""

    def parse(self, method: Method, wire: Any) -> Any:
        """Return the body, or the json text of a form or query, or the dict of a multipart form."""
        if isinstance(wire, bytes):
            self.limits.check_body(len(wire))
        return wire

    def read(self, method: Method, wire: Any) -> Request:
        """Return the request of a multipart form; a body stays undecoded."""
        return self.decode(method, self.parse(method, wire))

    def decode(self, method: Method, parsed: Any) -> Request:
        """Refuse a body: undecoded, it has no payload for ``predict``."""
        if isinstance(parsed, dict):
            return super().decode(method, parsed)
        raise SeldonError(
            "PAYLOAD_PASSTHROUGH is on: the body is not decoded, and the component has no predict_raw"
        )

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> HttpResponse:
        """Return bytes and text unchanged."""
        if isinstance(answer, bytes | bytearray | memoryview):
            return HttpResponse(200, bytes(answer))
        if isinstance(answer, str):
            return HttpResponse(200, answer.encode())
        return super().write_raw(method, answer, show_metrics=show_metrics)

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Return None for bytes and text."""
        return super().raw_metrics(answer) if isinstance(answer, dict) else None


def _feedback_message(parsed: Any) -> Any:
    """Return a protobuf ``Feedback``, if its class is in protobuf's default pool; else None."""
    if "google.protobuf.descriptor_pool" not in sys.modules:  # user code brings protobuf, or nobody does
        return None
    from google.protobuf.descriptor_pool import Default
    from google.protobuf.json_format import ParseDict, ParseError
    from google.protobuf.message_factory import GetMessageClass

    try:
        known = Default().FindMessageTypeByName("seldon.protos.Feedback")
    except KeyError:
        return None
    try:
        return ParseDict(parsed, GetMessageClass(known)())
    except (ParseError, TypeError, ValueError) as error:
        raise SeldonError(f"the feedback cannot be read as protobuf: {error}") from error


def _plain(answer: Any) -> Any:
    """Return the dict for a protobuf message that user code made."""
    if hasattr(answer, "DESCRIPTOR"):
        from google.protobuf.json_format import MessageToDict  # only if user code brought protobuf

        return MessageToDict(answer)
    return answer


def _raw_status(status: Any) -> int:
    if not isinstance(status, dict):
        raise SeldonError(
            f"predict_raw answered a status that is {type(status).__name__}, expected an object",
            code=ErrorCode.COMPONENT_FAILED,
        )
    code = status.get("code")
    if not code:
        return 200
    if isinstance(code, bool) or not isinstance(code, int) or not 200 <= code <= 599:
        raise SeldonError(
            f"predict_raw answered status.code {code!r:.40}, expected an HTTP status from 200 to 599",
            code=ErrorCode.COMPONENT_FAILED,
        )
    return code
