"""The Seldon v1 protocol over any transport that carries JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seldon_runtime.codec import Request
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Message, Method
from seldon_runtime.protocols.arrays import type_name
from seldon_runtime.protocols.nesting import check_nesting
from seldon_runtime.protocols.v1 import decode_message, decode_messages, encode_message, encode_meta
from seldon_runtime.protocols.v1_feedback import decode_feedback, encode_feedback_reply
from seldon_runtime.protocols.v1_view import FeedbackView, SeldonMessageView

Loads = Callable[[bytes | str], Any]
Dumps = Callable[[Any], bytes]
_DECODERS: Mapping[Method, Callable[[Any, Limits], Request]] = {
    Method.AGGREGATE: decode_messages,
    Method.SEND_FEEDBACK: decode_feedback,
}
_ENCODERS = {Method.SEND_FEEDBACK: encode_feedback_reply}


def plain_loads(text: bytes | str) -> Any:
    """The standard library's parser."""
    return json.loads(text)


def plain_dumps(value: Any) -> bytes:
    """The standard library's writer; NumPy values become lists and numbers.

    Raises:
        ValueError: NaN or an infinity, which JSON cannot hold (RFC 8259, section 6).
        TypeError: any other such value.
    """
    return json.dumps(value, default=_numpy_value, separators=(",", ":"), allow_nan=False).encode()


class JsonCodec:
    """A codec whose wire requests are JSON text (bytes or str) or already parsed values.

    Args:
        limits: of nesting and array sizes.
        loads: parses text; raises ValueError or RecursionError for what is no JSON.
        dumps: writes a value to UTF-8 text; raises TypeError or ValueError for what JSON
            cannot hold. NumPy arrays occur among the values.
        name: see :class:`seldon_runtime.codec.Codec`.
    """

    def __init__(
        self, limits: Limits, loads: Loads = plain_loads, dumps: Dumps = plain_dumps, name: str = "json"
    ) -> None:
        self.name = name
        self.limits = limits
        self._loads = loads
        self._dumps = dumps

    def hooks(self, method: Method) -> Sequence[str]:
        """Its own name."""
        return (self.name,)

    def parse(self, method: Method, wire: Any) -> Any:
        """The parsed JSON value."""
        if type(wire) is not bytes and not isinstance(wire, bytes | str):
            return wire
        self.limits.check_body(len(wire))
        try:
            text = _utf8(wire)
            if text is not wire:
                self.limits.check_body(len(text))
            check_nesting(text, self.limits.max_nesting)
            value = self._loads(wire)
        except (ValueError, RecursionError) as error:
            raise SeldonError(f"the request is no JSON: {error}") from error
        if value is None:
            raise SeldonError("the request is null, expected an object")
        return value

    def decode(self, method: Method, parsed: Any) -> Request:
        """The neutral request."""
        decode = _DECODERS.get(method, decode_message)
        return decode(parsed, self.limits)

    def encode(self, method: Method, answer: Message) -> Any:
        """JSON text."""
        encode = _ENCODERS.get(method, encode_message)
        return self.write(encode(answer))

    def encode_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """JSON text of whatever the raw method returned."""
        if isinstance(answer, SeldonMessageView):
            answer = answer.to_json()
        meta = answer.get("meta") if isinstance(answer, dict) else None
        if not show_metrics and meta and "metrics" in meta:
            answer = {**answer, "meta": {key: value for key, value in meta.items() if key != "metrics"}}
        return self.write(answer)

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Checks that ``meta`` is an object on the way."""
        if isinstance(answer, SeldonMessageView):
            answer = answer.to_json()
        if not isinstance(answer, dict) or "meta" not in answer:
            return None
        meta = answer["meta"]
        if not isinstance(meta, dict):
            raise SeldonError(
                f"the component's raw answer has a meta that is {type_name(meta)}, expected an object",
                code=ErrorCode.COMPONENT_FAILED,
            )
        metrics: Sequence[Mapping[str, Any]] | None = meta.get("metrics")
        return metrics

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """The parsed value; for feedback one with the attributes of a protobuf message."""
        return FeedbackView(parsed) if method is Method.SEND_FEEDBACK else parsed

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """The parsed value; for feedback its JSON text."""
        return json.dumps(parsed) if method is Method.SEND_FEEDBACK else parsed

    def annotate(self, method: Method, parsed: Any, annotation: Message) -> Any:
        """The request with tags, request path and metrics added to its meta."""
        meta = dict(parsed.get("meta") or {})
        for key, added in encode_meta(annotation.meta).items():
            before = meta.get(key)
            if isinstance(added, Mapping):
                meta[key] = {**(before or {}), **added}
            elif isinstance(added, list):
                meta[key] = [*(before or ()), *added]
        return self.write({**parsed, "meta": meta})

    def write(self, value: Any) -> Any:
        """The wire answer for a JSON-shaped value.

        Raises:
            SeldonError: COMPONENT_FAILED when JSON cannot hold it.
        """
        try:
            return self._dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise SeldonError(
                f"the component's answer cannot be written as JSON: {error}", code=ErrorCode.COMPONENT_FAILED
            ) from error


def _utf8(wire: bytes | str) -> bytes:
    if isinstance(wire, bytes):
        if wire[:1] == b"{" and wire[1:2] != b"\0":  # so does nearly every request begin
            return wire
        encoding = json.detect_encoding(wire)
        if encoding.startswith("utf-8"):
            return wire
        wire = wire.decode(encoding, "surrogatepass")
    return wire.encode("utf-8", "surrogatepass")


def _numpy_value(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
