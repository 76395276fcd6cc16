"""Entries of the stream: requests with a place for their reply."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.call import Call
from seldon_runtime.codec import Codec
from seldon_runtime.message import Method

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
        """A field; surrogates stand for what is no UTF-8."""
        return self.fields.get(name.encode(), default.encode()).decode("utf-8", "surrogateescape")

    @property
    def reply_to(self) -> bytes:
        """The key of the list or stream for the reply; empty when none is wanted."""
        return self.fields.get(b"reply_to", b"")

    @property
    def wants_stream(self) -> bool:
        """Whether the reply goes to a stream; else to a list."""
        return self.text("reply_as", "list") == "stream"

    @property
    def correlation_id(self) -> bytes:
        """What the reply is marked with: the client's ``id``, else the entry's."""
        return self.fields.get(b"id") or self.id

    def call(self, codec: Codec) -> Call:
        """The call that this entry asks for.

        Raises:
            SeldonError: its method or its deadline is none.
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
            request_id=self.text("request_id") or None,
            deadline=self._deadline(),
            request_bytes=len(request),
            target=name,
        )

    def _deadline(self) -> float | None:
        """From seconds since 1970 to the clock of ``time.monotonic``."""
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
        """What a list gets: JSON with ``id`` and ``answer`` or ``error``."""
        head = json.dumps(self.entry.correlation_id.decode("utf-8", "backslashreplace")).encode()
        if self.error is not None:
            return b'{"id":%b,"error":%b}' % (head, json.dumps(_described(self.error)).encode())
        return b'{"id":%b,"answer":%b}' % (head, self.answer or b"null")

    def stream_fields(self) -> dict[str, Any]:
        """What a stream gets: ``id``, and ``answer`` or ``error`` as JSON text."""
        fields: dict[str, Any] = {"id": self.entry.correlation_id}
        if self.error is not None:
            return {**fields, "error": json.dumps(_described(self.error))}
        return {**fields, "answer": self.answer}

    def dead_fields(self) -> dict[Any, Any]:
        """What the dead letters get: the entry as it was, and why it was given up."""
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
