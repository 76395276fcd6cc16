"""The codec of the Seldon v1 protocol for transports that carry JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.codec import RawCodec
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.memory import UNCOUNTED_BYTES
from seldon_runtime.inference.message import Message, Request, SharedMeta
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.arrays import type_name
from seldon_runtime.protocols.collector import paused_collector
from seldon_runtime.protocols.depth import check_nesting
from seldon_runtime.protocols.json_memory import coarse_json_memory, json_memory
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_value
from seldon_runtime.protocols.remembered import Remembered
from seldon_runtime.protocols.v1.feedback import decode_feedback, encode_feedback_reply
from seldon_runtime.protocols.v1.message import decode_message, decode_messages, encode_message, encode_meta
from seldon_runtime.protocols.v1.view import FeedbackView, SeldonMessageView

Loads = Callable[[bytes | str], Any]
Dumps = Callable[[Any], bytes]
_DECODERS: Mapping[Method, Callable[[Any, Limits], Request]] = {
    Method.AGGREGATE: decode_messages,
    Method.SEND_FEEDBACK: decode_feedback,
}
_SHARES = 8
"""A request that takes less than this part of the limit is estimated coarsely."""
_ENCODERS = {Method.SEND_FEEDBACK: encode_feedback_reply}


def plain_loads(text: bytes | str) -> Any:
    """Parse JSON text by the standard library."""
    return json.loads(text)


def plain_dumps(value: Any, non_finite: NonFinite = NonFinite.NULL) -> bytes:
    """Write JSON text by the standard library, by the rule of values (``docs/reference/values.md``).

    Args:
        value: may hold whatever :func:`~seldon_runtime.protocols.plain_values.plain_value` accepts.
        non_finite: the form of NaN and infinities, which JSON cannot hold (RFC 8259, section 6).

    Raises:
        ValueError: NaN or an infinity, with NonFinite.ERROR.
        TypeError: a value of an unsupported type.
    """
    plain = finite(plain_value(value), non_finite)
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode()


class JsonCodec(RawCodec):
    """A codec whose wire requests are JSON text (bytes or str) or already parsed values.

    Args:
        limits: the limits of nesting and array sizes.
        loads: parses text; raises ValueError or RecursionError for text that is not JSON.
        dumps: writes a value to UTF-8 text; raises TypeError or ValueError for a value that JSON
            cannot represent. The values may contain NumPy arrays.
        name: see :class:`seldon_runtime.inference.codec.Codec`.
    """

    media_type = "application/json"

    def __init__(
        self, limits: Limits, loads: Loads = plain_loads, dumps: Dumps = plain_dumps, name: str = "json"
    ) -> None:
        self.name = name
        self.limits = limits
        self._loads = loads
        self._dumps = dumps
        self._metas: Remembered[int, tuple[Any, SharedMeta]] = Remembered()
        """The kept forms of metas, by the id of the meta, which stays here so that the id stays its own."""

    def parse(self, method: Method, wire: Any) -> Any:
        """Return the parsed JSON value."""
        if type(wire) is not bytes and not isinstance(wire, bytes | str):
            return wire
        self.limits.check_body(len(wire))
        try:
            text = _utf8(wire)
            if text is not wire:
                self.limits.check_body(len(text))
            check_nesting(text, self.limits.max_nesting)
            if len(wire) > UNCOUNTED_BYTES:
                with paused_collector():
                    value = self._loads(wire)
            else:
                value = self._loads(wire)
        except (ValueError, RecursionError) as error:
            raise SeldonError(f"the request is not valid JSON: {error}") from error
        if value is None:
            raise SeldonError("the request is null, expected an object")
        return value

    def memory(self, method: Method, wire: Any) -> int:
        """Return an estimate of the most bytes that parsing and decoding take."""
        copy = 0
        if isinstance(wire, str):
            wire = wire.encode("utf-8", "surrogatepass")
            copy = len(wire)
        if not isinstance(wire, bytes):
            return 0
        estimate = coarse_json_memory(wire)
        if estimate > self.limits.max_request_memory // _SHARES:
            estimate = json_memory(wire, makes_arrays=b'"ndarray"' in wire or b'"values"' in wire)
        return copy + estimate

    def decode(self, method: Method, parsed: Any) -> Request:
        """Return the neutral request."""
        decode = _DECODERS.get(method, decode_message)
        return decode(parsed, self.limits)

    def write(self, method: Method, answer: Message) -> Any:
        """Return JSON text."""
        if method is Method.METADATA:
            assert answer.payload is not None
            return self.to_wire(answer.payload.value)
        encode, meta = _ENCODERS.get(method, encode_message), answer.meta
        if type(meta) is SharedMeta and encode is encode_message:
            known = self._metas.get(id(meta))
            if known is None:
                known = self.kept(encode_meta(meta)), meta
                self._metas.remember(id(meta), known)
            return self.to_wire(encode_message(answer, known[0]))
        return self.to_wire(encode(answer))

    def kept(self, value: Any) -> Any:
        """Return the form of a JSON-shaped value that :meth:`to_wire` writes fastest; by default itself."""
        return value

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """Return the raw method's result as JSON text."""
        if isinstance(answer, SeldonMessageView):
            answer = answer.to_json()
        answer = _plain(answer)
        meta = answer.get("meta") if isinstance(answer, dict) else None
        if not show_metrics and meta and "metrics" in meta:
            answer = {**answer, "meta": {key: value for key, value in meta.items() if key != "metrics"}}
        return self.to_wire(answer)

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Return the metrics; ``meta`` must be an object."""
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
        """Return the parsed value; for feedback, with the attributes of a protobuf message."""
        return FeedbackView(parsed) if method is Method.SEND_FEEDBACK else parsed

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """Return the parsed value; for feedback, its JSON text."""
        return json.dumps(parsed) if method is Method.SEND_FEEDBACK else parsed

    def annotate(self, method: Method, parsed: Any, annotation: Message) -> Any:
        """Return the request with tags, request path and metrics added to its meta."""
        meta = dict(parsed.get("meta") or {})
        for key, added in encode_meta(annotation.meta).items():
            before = meta.get(key)
            if isinstance(added, Mapping):
                meta[key] = {**(before or {}), **added}
            elif isinstance(added, list):
                meta[key] = [*(before or ()), *added]
        return self.to_wire({**parsed, "meta": meta})

    def to_wire(self, value: Any) -> Any:
        """Return the wire answer for a JSON-shaped value.

        Raises:
            SeldonError: COMPONENT_FAILED when JSON cannot represent it.
        """
        try:
            return self._dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise _unwritable(error) from error


def _plain(value: Any) -> Any:
    try:
        return plain_value(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unwritable(error) from error


def _unwritable(error: Exception) -> SeldonError:
    return SeldonError(
        f"the component's answer cannot be written as JSON: {error}", code=ErrorCode.COMPONENT_FAILED
    )


def _utf8(wire: bytes | str) -> bytes:
    if isinstance(wire, bytes):
        if wire[:1] == b"{" and wire[1:2] != b"\0":  # nearly every request begins like this
            return wire
        encoding = json.detect_encoding(wire)
        if encoding.startswith("utf-8"):
            return wire
        wire = wire.decode(encoding, "surrogatepass")
    return wire.encode("utf-8", "surrogatepass")
