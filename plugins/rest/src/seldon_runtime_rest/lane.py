"""The ASGI application: health and plain JSON calls at once, everything else through Flask.

Both lanes make the same calls with the same codecs; this one only saves Flask's
work for requests whose body is the JSON to parse.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any

from seldon_runtime.call import Call, request_id_from
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime_rest import routes
from seldon_runtime_rest.answer import HttpAnswer, error_answer, fault
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.probes import PROBES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)

_WATCH_AFTER_S = 0.05
"""Only a call that takes this long is worth a task that watches for the client's leaving."""
_JSON = b"application/json"
_CLOSE = (b"connection", b"close")
"""Added while draining: the client has to use another connection, to another process, next time."""
_BODILESS = (204, 304)  # RFC 9110, section 6.4.1


class Lane:
    """One service as an ASGI application.

    Args:
        service: takes the calls.
        codecs: the codec of each method.
        flask: the Flask application as ASGI.
        all_through_flask: whether even plain calls go to Flask, for its error handlers.
    """

    def __init__(
        self,
        service: Service,
        codecs: Callable[[Method], RestCodec],
        flask: AsgiApp,
        *,
        all_through_flask: bool = False,
    ) -> None:
        self._service = service
        self._flask = flask
        self._calls: dict[str, tuple[Method, RestCodec]] = {}
        self._health: dict[str, RestCodec] = {}
        if not all_through_flask:
            self._calls = {path: (method, codecs(method)) for path, (method, _) in routes.CALLS.items()}
            self._health = dict.fromkeys(routes.HEALTH_STATUS, codecs(Method.HEALTH_STATUS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            await self._route(scope, receive, send)
        except asyncio.CancelledError:
            if not self._service.draining:
                raise
            logger.debug("%s %s was not answered within the grace period", scope["method"], scope["path"])

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        verb = scope["method"]
        if verb == "POST":
            target = self._calls.get(path)
            if target is not None and not _may_hold_json(scope["query_string"]):
                headers = dict(scope["headers"])
                if _is_json(headers.get(b"content-type", b"")):
                    method, codec = target
                    await self._answer(_call(method, codec, headers), headers, receive, send)
                    return
        elif verb == "GET" or verb == "HEAD":
            probe = PROBES.get(path)
            if probe is not None:
                await self._send(probe(self._service), send, with_body=verb == "GET")
                return
            if verb == "GET" and path in self._health:
                headers = dict(scope["headers"])
                await self._answer(
                    _call(Method.HEALTH_STATUS, self._health[path], headers), None, receive, send
                )
                return
        await self._through_flask(scope, receive, send)

    async def _through_flask(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False
        size = 0

        async def bounded() -> MutableMapping[str, Any]:
            """What this raises, Flask raises where it reads the body."""
            nonlocal size
            message = await receive()
            if message["type"] == "http.disconnect":
                raise SeldonError("the client left before its request was whole", code=ErrorCode.CANCELLED)
            size += len(message.get("body", b""))
            self._service.limits.check_body(size)
            return message

        async def observed(event: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            if event["type"] == "http.response.start" and self._service.draining:
                event = {**event, "headers": [*event["headers"], _CLOSE]}
            await send(event)

        headers = dict(scope["headers"])
        try:
            self._check_announced(headers)
            await self._flask(scope, bounded, observed)
        except SeldonError as error:
            await self._send(error_answer(error, _request_id(headers)), send)
        except Exception:  # the last boundary: Flask answers its own faults
            logger.exception("%s %s failed in the REST transport", scope["method"], scope["path"])
            if not started:  # else the server closes the connection, for the answer is not whole
                await self._send(error_answer(fault(), _request_id(headers)), send)

    async def _answer(
        self, call: Call, headers: dict[bytes, bytes] | None, receive: Receive, send: Send
    ) -> None:
        try:
            if headers is not None:
                call.wire = await self._body(headers, receive)
                if call.wire is None:
                    return
                call.request_bytes = len(call.wire)
            answer = await self._watched(call, receive)
        except SeldonError as error:
            answer = error_answer(error, call.request_id)
        except Exception:  # the last boundary: the service makes every failure of a call a SeldonError
            logger.exception("%s failed in the REST transport", call.method.value)
            answer = error_answer(fault(), call.request_id)
        await self._send(answer, send)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
        """The whole body; None when the client went away meanwhile."""
        self._check_announced(headers)
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            return body
        parts = [body]
        size = len(body)
        while message.get("more_body", False):
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            self._service.limits.check_body(size)
        return b"".join(parts)

    def _check_announced(self, headers: Mapping[bytes, bytes]) -> None:
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit():
            self._service.limits.check_body(int(announced))

    async def _watched(self, call: Call, receive: Receive) -> HttpAnswer:
        """The call's answer; a client that leaves before the call starts cancels it."""
        watcher: asyncio.Task[None] | None = None

        async def watch() -> None:
            if (await receive())["type"] == "http.disconnect":
                call.cancelled = True

        def start() -> None:
            nonlocal watcher
            watcher = asyncio.ensure_future(watch())

        timer = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, start)
        try:
            answer = await self._service.call_async(call)
        finally:
            timer.cancel()
            if watcher is not None:
                watcher.cancel()
        if not isinstance(answer, HttpAnswer):
            raise TypeError(f"an interceptor made the answer {type(answer).__name__}, expected HttpAnswer")
        return answer

    async def _send(self, answer: HttpAnswer, send: Send, *, with_body: bool = True) -> None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers
        ]
        if answer.status in _BODILESS:
            with_body = False
        else:
            headers.append((b"content-type", answer.content_type.encode("latin-1")))
            headers.append((b"content-length", b"%d" % len(answer.body)))
        if self._service.draining:
            headers.append(_CLOSE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body if with_body else b""})


def _may_hold_json(query: bytes) -> bool:
    """Whether Flask has to look for ``json=...``; a percent sign may hide any letter of it."""
    return bool(query) and (b"json=" in query or b"%" in query)


def _is_json(content_type: bytes) -> bool:
    return content_type == _JSON or content_type.split(b";", 1)[0].strip().lower() == _JSON


def _call(method: Method, codec: RestCodec, headers: dict[bytes, bytes]) -> Call:
    return Call(method, None, codec, "rest", request_id=_request_id(headers), headers=_Headers(headers))


def _request_id(headers: Mapping[bytes, bytes]) -> str | None:
    given = headers.get(b"x-request-id")
    return request_id_from(given.decode("latin-1")) if given else None


class _Headers(Mapping[str, str]):
    """Header names and values as text, decoded only for the interceptor that looks."""

    def __init__(self, raw: Mapping[bytes, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1", "replace")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)
