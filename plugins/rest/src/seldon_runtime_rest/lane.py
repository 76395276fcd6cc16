"""The ASGI application: health and plain JSON calls at once, everything else through Flask.

Both lanes make the same calls with the same codecs; this one only saves Flask's
work for requests whose body is the JSON to parse.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from seldon_runtime.call import Call
from seldon_runtime.errors import SeldonError
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime_rest import routes
from seldon_runtime_rest.answer import HttpAnswer, error_answer, fault
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.exchange import AsgiApp, Receive, Scope, Send, Watch, read_body, send_answer
from seldon_runtime_rest.flask_lane import FlaskLane
from seldon_runtime_rest.patience import deadline_from
from seldon_runtime_rest.plain import Target, call_of, checked, is_json
from seldon_runtime_rest.probes import PROBES

logger = logging.getLogger(__name__)


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
        self._flask_lane = FlaskLane(service, flask, reads_all=all_through_flask)
        self.calls: dict[str, Target] = {}
        """What the paths ask for that plain calls may go to."""
        self._health: dict[str, RestCodec] = {}
        if not all_through_flask:
            self.calls = {path: (method, codecs(method)) for path, (method, _) in routes.CALLS.items()}
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
            target = self.calls.get(path)
            if target is not None and not _may_hold_json(scope["query_string"]):
                headers = dict(scope["headers"])
                if is_json(headers):
                    await self._answer(target, headers, scope, receive, send)
                    return
        elif verb == "GET" or verb == "HEAD":
            probe = PROBES.get(path)
            if probe is not None:
                await self._send(probe(self._service), send, with_body=verb == "GET")
                return
            if verb == "GET" and path in self._health:
                headers = dict(scope["headers"])
                await self._answer((Method.HEALTH_STATUS, self._health[path]), headers, scope, receive, send)
                return
        await self._flask_lane(scope, receive, send)

    async def _answer(
        self,
        target: Target,
        headers: dict[bytes, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        call = call_of(target, scope["path"], headers, scope.get("client"))
        try:
            if call.method is not Method.HEALTH_STATUS:
                call.wire = await read_body(headers, receive, self._service.limits)
                call.request_bytes = len(call.wire)
            call.deadline = deadline_from(headers, scope["headers"])
            answer = await self._made(call, receive)
        except SeldonError as error:
            answer = error_answer(error, call.request_id)
        except Exception:  # the last boundary: the service makes every failure of a call a SeldonError
            logger.exception("%s failed in the REST transport", call.method.value)
            answer = error_answer(fault(), call.request_id)
        await self._send(answer, send)

    async def _made(self, call: Call, receive: Receive) -> HttpAnswer:
        """The call's answer; a client that leaves before the call starts cancels it."""

        def leave() -> None:
            call.cancelled = True

        with Watch(receive, leave):
            return checked(await self._service.call_async(call))

    async def _send(self, answer: HttpAnswer, send: Send, *, with_body: bool = True) -> None:
        await send_answer(answer, send, closing=self._service.draining, with_body=with_body)


def _may_hold_json(query: bytes) -> bool:
    """Whether Flask has to look for ``json=...``; a percent sign may hide any letter of it."""
    return bool(query) and (b"json=" in query or b"%" in query)
