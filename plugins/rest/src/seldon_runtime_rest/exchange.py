"""One HTTP exchange as ASGI has it: reading the body, watching the client, sending the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime_rest.answer import JSON, HttpAnswer, UnknownCoding

Header = tuple[bytes, bytes]
"""Name, in lower case, and value."""
Event = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOSE = (b"connection", b"close")
"""Added while draining: the client has to use another connection, to another process, next time."""
_WATCH_AFTER_S = 0.05
"""Only a call that takes this long is worth a task that watches for the client's leaving."""
BODILESS = (204, 304)  # RFC 9110, section 6.4.1
_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\x00-\x08\x0a-\x1f\x7f]*\r\n")  # RFC 9110, section 5
_PLAIN_CODINGS = (b"", b"identity")


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limits: Limits) -> bytes:
    """The whole body.

    Raises:
        SeldonError: TOO_LARGE, as soon as it is known; CANCELLED when the client leaves before the end;
            :class:`UnknownCoding` when the body is compressed.
    """
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit():
        limits.check_body(int(announced))
    coding = headers.get(b"content-encoding", b"")
    if coding.strip().lower() not in _PLAIN_CODINGS:
        raise UnknownCoding(coding.decode("latin-1"))
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        event = await _received(receive)
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        limits.check_body(size)
        more = event.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _received(receive: Receive) -> Event:
    event = await receive()
    if event["type"] == "http.disconnect":
        raise SeldonError("the client left before its request was whole", code=ErrorCode.CANCELLED)
    return event


class Watch:
    """While it is entered, ``left`` is called when the client leaves. Only once the body has been read."""

    __slots__ = ("_left", "_receive", "_task", "_timer")

    def __init__(self, receive: Receive, left: Callable[[], None]) -> None:
        self._receive = receive
        self._left = left
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, self._start)

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._task = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        if (await self._receive())["type"] == "http.disconnect":
            self._left()


async def send_answer(answer: HttpAnswer, send: Send, *, closing: bool, with_body: bool = True) -> None:
    """Send the whole answer.

    Args:
        answer: what to send.
        send: of the server.
        closing: whether the client is told to close the connection.
        with_body: False for a HEAD request.
    """
    headers = headers_of(answer, closing=closing)
    with_body = with_body and answer.status not in BODILESS
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body if with_body else b""})


def headers_of(answer: HttpAnswer, *, closing: bool) -> list[Header]:
    """All headers of an answer but for the server's own."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in BODILESS:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if closing:
        headers.append(CLOSE)
    return headers


def head_of(answer: HttpAnswer, servers: Iterable[Header], *, closing: bool) -> bytes:
    """Status line and headers, as HTTP/1.1 has them.

    Args:
        answer: whose head it is.
        servers: the server's own headers.
        closing: whether the client is told to close the connection.

    Raises:
        ValueError: an interceptor made a header that is none.
        KeyError: it made a status that is none.
    """
    lines = [b"%b: %b\r\n" % header for header in (*servers, *headers_of(answer, closing=closing))]
    is_own = not answer.headers and answer.content_type == JSON
    if not is_own and not all(map(_LINE.fullmatch, lines)):
        raise ValueError(f"an interceptor made a header that is none, among {lines!r:.200}")
    return b"".join((STATUS_LINE[answer.status], *lines, b"\r\n"))
