"""The express lane: a plain call is answered from its connection, with no ASGI exchange in between.

Most requests are such calls, and an ASGI exchange costs more than all that the runtime does for one. What
is not plain, or does not begin on a connection at rest, takes :mod:`.lane`; both make the same calls.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState

from seldon_runtime.call import Call
from seldon_runtime.deadline import too_late
from seldon_runtime.errors import SeldonError
from seldon_runtime.service import Service
from seldon_runtime_rest.answer import HttpAnswer, error_answer, fault
from seldon_runtime_rest.exchange import BODILESS, head_of
from seldon_runtime_rest.patience import deadline_from
from seldon_runtime_rest.plain import Target, call_of, checked, is_json

logger = logging.getLogger(__name__)

_ONE_PIECE_BYTES = 64 * 1024
"""A longer body is not copied to stand behind the head."""


class Line(Protocol):
    """What the lane needs of a connection; uvicorn's has it."""

    url: bytes
    client: tuple[str, int] | None
    expect_100_continue: bool
    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    server_state: ServerState

    def on_response_complete(self) -> None:
        """Told when an answer has been handed to the transport."""


class Express:
    """The lane of one server.

    Args:
        service: takes the calls.
        targets: what each path asks for.
    """

    def __init__(self, service: Service, targets: Mapping[str, Target]) -> None:
        self.service = service
        self._targets = {path.encode("ascii"): (path, target) for path, target in targets.items()}
        self._answered: deque[tuple[Exchange, Any, SeldonError | None]] = deque()
        self._is_woken = False

    def exchange(
        self,
        line: Line,
        lines: list[tuple[bytes, bytes]],
        headers: Mapping[bytes, bytes],
        *,
        keep_alive: bool,
    ) -> Exchange | None:
        """The exchange of a POST request whose head is there; None when it has to take another lane."""
        found = self._targets.get(line.url)
        if found is None or line.expect_100_continue or line.flow.write_paused:
            return None
        length = headers.get(b"content-length", b"")
        if not (length.isdigit() and int(length) <= self.service.limits.max_body_bytes):
            return None
        if b"content-encoding" in headers or not is_json(headers):
            return None
        path, target = found
        call = call_of(target, path, headers, line.client)
        return Exchange(self, line, call, lines, headers, keep_alive)

    def answered(self, exchange: Exchange, answer: Any, error: SeldonError | None) -> None:
        """Have it told to the client. From any thread; the first of several answers wakes the loop."""
        self._answered.append((exchange, answer, error))
        if not self._is_woken:
            self._is_woken = True
            try:
                exchange.line.loop.call_soon_threadsafe(self._tell)
            except RuntimeError:  # the loop has ended: nobody waits any more
                logger.debug("an answer came after its transport had stopped")

    def _tell(self) -> None:
        self._is_woken = False  # first: what is added from now on may wake once more, but is never left
        while self._answered:
            exchange, answer, error = self._answered.popleft()
            exchange.answer(answer, error)


class Exchange:
    """One call and its connection. It stands where the protocol expects uvicorn's RequestResponseCycle.

    Used by the thread of the event loop only.
    """

    __slots__ = (
        "_alarm",
        "_call",
        "_express",
        "_headers",
        "_left",
        "_lines",
        "_parts",
        "keep_alive",
        "line",
    )

    message_event = asyncio.Event()
    """Set by the protocol for an application that waits; none does."""
    response_started = False
    """The answer goes out in one go."""

    def __init__(
        self,
        express: Express,
        line: Line,
        call: Call,
        lines: list[tuple[bytes, bytes]],
        headers: Mapping[bytes, bytes],
        keep_alive: bool,
    ) -> None:
        self._express = express
        self._call: Call | None = call
        """Until it is answered: a connection that is idle then keeps nothing of it."""
        self._left = False
        self._lines = lines
        self._headers = headers
        self._parts: list[bytes] = []
        self._alarm: asyncio.TimerHandle | None = None
        self.line = line
        self.keep_alive = keep_alive

    @property
    def response_complete(self) -> bool:
        """Whether it has been answered."""
        return self._call is None

    @property
    def disconnected(self) -> bool:
        """Whether the client has left. A call that has not started by then is not run."""
        return self._left

    @disconnected.setter
    def disconnected(self, left: bool) -> None:
        self._left = left
        if self._call is not None:
            self._call.cancelled = left

    def add(self, part: bytes) -> None:
        """Some of the body."""
        self._parts.append(part)

    def submit(self) -> None:
        """The body is whole: make the call."""
        call, parts = self._call, self._parts
        assert call is not None  # nobody can have answered yet
        call.wire = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        call.request_bytes = len(call.wire)
        call.deadline = deadline_from(self._headers, self._lines)
        self._express.service.submit(call, self._done)
        if call.deadline is not None:
            left_s = max(0.0, call.deadline - time.monotonic())
            self._alarm = self.line.loop.call_later(left_s, lambda: self.answer(None, too_late(call)))

    def _done(self, answer: Any, error: SeldonError | None) -> None:
        self._express.answered(self, answer, error)

    def answer(self, answer: Any, error: SeldonError | None) -> None:
        """Tell the client, if it is still there and has not been told that it is too late."""
        if self._alarm is not None:
            self._alarm.cancel()
        call, self._call = self._call, None
        if call is None or self._left or self.line.transport.is_closing():
            return
        closing = self._express.service.draining or not self.keep_alive
        try:
            told = checked(answer) if error is None else error_answer(error, call.request_id)
            head = self._head(told, closing)
        except Exception:  # the last boundary: an interceptor may have made the answer
            logger.exception("%s failed in the REST transport", call.method.value)
            told = error_answer(fault(), call.request_id)
            head = self._head(told, closing)
        self._write(head, b"" if told.status in BODILESS else told.body)
        if closing:
            self.keep_alive = False
            self.line.transport.close()
        self.line.on_response_complete()

    def _head(self, answer: HttpAnswer, closing: bool) -> bytes:
        return head_of(answer, self.line.server_state.default_headers, closing=closing)

    def _write(self, head: bytes, body: bytes) -> None:
        if len(body) <= _ONE_PIECE_BYTES:
            self.line.transport.write(head + body)
        else:
            self.line.transport.write(head)
            self.line.transport.write(body)
