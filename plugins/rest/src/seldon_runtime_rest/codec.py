"""The v1 JSON codec with what HTTP adds: a status, and bodies that pass through untouched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seldon_runtime.codec import Request
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime_rest.answer import HttpAnswer, status_of
from seldon_runtime_rest.json_text import loads
from seldon_runtime_rest.large_arrays import LEAST_BYTES, loads_with_array

_SEVERAL_MESSAGES = frozenset({Method.AGGREGATE, Method.SEND_FEEDBACK})


class RestCodec(JsonCodec):
    """Answers are :class:`HttpAnswer`."""

    def __init__(self, limits: Limits, dumps: Callable[[Any], bytes]) -> None:
        super().__init__(limits, loads, dumps, name="rest")

    def read(self, method: Method, wire: Any) -> Request:
        """A large array goes straight into NumPy."""
        if type(wire) is bytes and len(wire) >= LEAST_BYTES and method not in _SEVERAL_MESSAGES:
            self.limits.check_body(len(wire))
            parsed = loads_with_array(wire, self.limits.max_nesting)
            if parsed is not None:
                return self.decode(method, parsed)
        return self.decode(method, self.parse(method, wire))

    def write(self, value: Any) -> HttpAnswer:
        """The value as a JSON body with status 200."""
        return HttpAnswer(200, JsonCodec.write(self, value))

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int, int]:
        """The HTTP status and the bytes of the body."""
        if error is not None:
            return status_of(error), 0
        return (answer.status, len(answer.body)) if isinstance(answer, HttpAnswer) else (500, 0)

    def encode_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> HttpAnswer:
        """``status.code`` of a raw prediction is the HTTP status."""
        answer = _plain(answer)
        written: HttpAnswer = super().encode_raw(method, answer, show_metrics=show_metrics)
        if method is Method.PREDICT and isinstance(answer, dict) and "status" in answer:
            return HttpAnswer(_raw_status(answer["status"]), written.body)
        return written


class PassthroughCodec(RestCodec):
    """PAYLOAD_PASSTHROUGH: ``predict_raw`` gets the body's bytes and its answer goes out as it is."""

    def parse(self, method: Method, wire: Any) -> Any:
        """The body, or the json text of a form or query, or the dict of a multipart form."""
        if isinstance(wire, bytes):
            self.limits.check_body(len(wire))
        return wire

    def read(self, method: Method, wire: Any) -> Request:
        """As it is decoded: nothing is read of a body."""
        return self.decode(method, self.parse(method, wire))

    def decode(self, method: Method, parsed: Any) -> Request:
        """Refused: an undecoded body has no payload for ``predict``."""
        if isinstance(parsed, dict):
            return super().decode(method, parsed)
        raise SeldonError(
            "PAYLOAD_PASSTHROUGH is on: the body is not decoded, and the component has no predict_raw"
        )

    def encode_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> HttpAnswer:
        """Bytes and text as they are."""
        if isinstance(answer, bytes | bytearray | memoryview):
            return HttpAnswer(200, bytes(answer))
        if isinstance(answer, str):
            return HttpAnswer(200, answer.encode())
        return super().encode_raw(method, answer, show_metrics=show_metrics)

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """None for bytes and text."""
        return super().raw_metrics(answer) if isinstance(answer, dict) else None


def _plain(answer: Any) -> Any:
    """A protobuf message that user code made as the dict it stands for."""
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
