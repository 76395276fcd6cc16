"""Entries of the stream: requests with a place for their reply."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime.plugin import Call, Codec, ErrorCode, Method, SeldonError, request_id_from

NAME = "redis-streams"

Fields = Mapping[bytes, bytes]


@dataclass(slots=True, eq=False)
class Entry:
    """One entry that this process holds. ``attempts`` counts this one."""

    id: bytes
    fields: Fields
    attempts: int = 1
    submitted: float = field(default_factory=time.monotonic)

    def text(self, name: str, default: str = "") -> str:
        """Return a field; surrogates stand for bytes that are not UTF-8."""
        return self.fields.get(name.encode(), default.encode()).decode("utf-8", "surrogateescape")

    @property
    def reply_to(self) -> bytes:
        """The key of the list or stream for the reply; empty when the client wants no reply."""
        return self.fields.get(b"reply_to", b"")

    @property
    def wants_stream(self) -> bool:
        """True if the reply goes to a stream, False for a list."""
        return self.text("reply_as", "list") == "stream"

    @property
    def correlation_id(self) -> bytes:
        """The ``id`` of the reply: the client's, else the entry's."""
        return self.fields.get(b"id") or self.id

    def call(self, codec: Codec) -> Call:
        """Return the call that this entry asks for.

        Raises:
            SeldonError: its method or its deadline is not valid.
        """
        name = self.text("method", Method.PREDICT.value)
        if name not in {method.value for method in Method}:
            raise SeldonError(f"the method is {name!r:.40}, expected one such as predict")
        request = bytes(self.fields.get(b"request", b""))
        return Call(
            Method(name),
            request,
            codec,
            NAME,
            request_id=request_id_from(self.text("request_id")),
            deadline=self._deadline(),
            request_bytes=len(request),
            target=name,
        )

    def _deadline(self) -> float | None:
        """Return the deadline, given in seconds since 1970, on the clock of ``time.monotonic``."""
        given = self.fields.get(b"deadline")
        if given is None:
            return None
        try:
            at = float(given)
        except ValueError:
            at = math.nan
        if math.isnan(at):
            raise SeldonError(f"the deadline is {given!r:.40}, expected seconds since 1970")
        return time.monotonic() + at - time.time()


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of an entry. ``is_given_up``: it also goes to the dead letters."""

    entry: Entry
    answer: bytes | None
    error: SeldonError | None
    is_given_up: bool = False

    def document(self) -> bytes:
        """Return the reply for a list: JSON with ``id`` and ``answer`` or ``error``."""
        head = json.dumps(self.entry.correlation_id.decode("utf-8", "backslashreplace")).encode()
        if self.error is not None:
            return b'{"id":%b,"error":%b}' % (head, json.dumps(_described(self.error)).encode())
        return b'{"id":%b,"answer":%b}' % (head, self.answer or b"null")

    def stream_fields(self) -> dict[str, Any]:
        """Return the reply for a stream: ``id``, and ``answer`` or ``error`` as JSON text."""
        fields: dict[str, Any] = {"id": self.entry.correlation_id}
        if self.error is not None:
            return {**fields, "error": json.dumps(_described(self.error))}
        return {**fields, "answer": self.answer}

    def dead_fields(self) -> dict[Any, Any]:
        """Return the dead letter: the entry as it was, and the reason."""
        error = self.error or SeldonError("no reply could be written", code=ErrorCode.COMPONENT_FAILED)
        return {
            **self.entry.fields,
            "dead_id": self.entry.id,
            "dead_attempts": self.entry.attempts,
            "dead_reason": _plain(error.reason),
            "dead_message": _plain(error.message),
        }


def _described(error: SeldonError) -> dict[str, str]:
    return {"reason": error.reason, "message": error.message}


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
