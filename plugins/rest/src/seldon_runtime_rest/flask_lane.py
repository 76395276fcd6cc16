"""The lane through Flask, for every request that the plain one leaves."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from seldon_runtime.errors import SeldonError
from seldon_runtime.service import Service
from seldon_runtime_rest import asker, routes
from seldon_runtime_rest.answer import error_answer, fault, given_request_id
from seldon_runtime_rest.asker import Asker
from seldon_runtime_rest.exchange import (
    CLOSE,
    AsgiApp,
    Event,
    Receive,
    Scope,
    Send,
    Watch,
    read_body,
    send_answer,
)
from seldon_runtime_rest.patience import deadline_from

logger = logging.getLogger(__name__)


class FlaskLane:
    """The Flask application behind what all requests have in common: limits, leaving clients, draining.

    A thread is taken only once the request is whole, however slowly it came.

    Args:
        service: whose limits count.
        flask: the Flask application as ASGI.
        reads_all: whether it may read the body of any request, not only of calls.
    """

    def __init__(self, service: Service, flask: AsgiApp, *, reads_all: bool) -> None:
        self._service = service
        self._flask = flask
        self._reads_all = reads_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        started = False

        async def observed(event: Event) -> None:
            nonlocal started
            started = True
            if event["type"] == "http.response.start" and self._service.draining:
                event = {**event, "headers": [*event["headers"], CLOSE]}
            await send(event)

        headers = dict(scope["headers"])
        try:
            body = await self._body(scope["path"], headers, receive)
            client = Asker(deadline_from(headers, scope["headers"]))
            with Watch(receive, client.leave):
                await self._flask({**scope, asker.KEY: client}, _giving(body), observed)
        except SeldonError as error:
            await self._refuse(error, headers, send)
        except Exception:  # the last boundary: Flask answers its own faults
            logger.exception("%s %s failed in the REST transport", scope["method"], scope["path"])
            if not started:  # else the server closes the connection, for the answer is not whole
                await self._refuse(fault(), headers, send)

    async def _body(self, path: str, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        if path in routes.CALLS or self._reads_all:
            return await read_body(headers, receive, self._service.limits)
        return b""  # Flask does not look at it; the server reads over it

    async def _refuse(self, error: SeldonError, headers: Mapping[bytes, bytes], send: Send) -> None:
        answer = error_answer(error, given_request_id(headers))
        await send_answer(answer, send, closing=self._service.draining)


def _giving(body: bytes) -> Receive:
    async def receive() -> Event:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
