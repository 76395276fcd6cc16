"""A node that is called over REST, at the paths of a component server."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Any

from seldon_runtime.plugin import ErrorCode, Kind, Limits, Message, Method, Payload, Request, SeldonError
from seldon_runtime.protocols.v1.codec import plain_dumps, plain_loads
from seldon_runtime.protocols.v1.message import decode_message
from seldon_runtime_graph.nodes.bounded_response import BoundedResponse, is_dropped
from seldon_runtime_graph.nodes.client_tls import ClientTls
from seldon_runtime_graph.nodes.remote import RemoteFault, RemoteNode, Unreachable
from seldon_runtime_graph.nodes.values import value_of

_PATHS = {
    Method.PREDICT: "/predict",
    Method.TRANSFORM_INPUT: "/transform-input",
    Method.TRANSFORM_OUTPUT: "/transform-output",
    Method.ROUTE: "/route",
    Method.AGGREGATE: "/aggregate",
    Method.SEND_FEEDBACK: "/send-feedback",
    Method.HEALTH_STATUS: "/health/status",
}
_LEAST_ERROR, _LAST_ERROR = 400, 599
_OK = 200


class RestNode(RemoteNode):
    """A node that is called over REST. Idle connections are kept for further calls."""

    def __init__(self, address: str, limits: Limits, tls: ClientTls | None = None) -> None:
        super().__init__(address, limits)
        self._tls = tls
        self._idle: deque[HTTPConnection] = deque()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def prepare(
        self, method: Method, request: Request, headers: Mapping[str, str]
    ) -> Callable[[float], Message]:
        """Return a function that posts the request as JSON and returns the answer."""
        body = None if request is None else plain_dumps(value_of(request))
        sent = {**headers, "content-type": "application/json"}

        def send(timeout_s: float) -> Message:
            status, content = self._exchange(self._connection(method), _PATHS[method], body, sent, timeout_s)
            if status != _OK:
                raise _error(status, content, self.address)
            if method is Method.HEALTH_STATUS:
                return Message(Payload(Kind.STR, "healthy"))
            return self._answer(content)

        return send

    def fetch_metadata(self, timeout_s: float) -> dict[str, Any]:
        """Return the document at ``/metadata``."""
        status, content = self._exchange(self._new_connection(), "/metadata", None, {}, timeout_s)
        found = plain_loads(content) if status == _OK else None
        return found if isinstance(found, dict) else {}

    def _connection(self, method: Method) -> HTTPConnection:
        """Return a connection. A feedback has a new one, since nobody knows how far it came on an old one."""
        while method is not Method.SEND_FEEDBACK and self._idle:
            with suppress(IndexError):  # another thread took the last one
                found = self._idle.pop()
                if found.sock is None or not is_dropped(found.sock):
                    return found
                found.close()  # all of them are, after a restart of the node
        return self._new_connection()

    def _new_connection(self) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self.address)
        return HTTPSConnection(self.address, context=self._tls.context)

    def _exchange(
        self,
        connection: HTTPConnection,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> tuple[int, bytes]:
        """Return status and body of an answer.

        Raises:
            Unreachable: the connection failed.
            SeldonError: the time is over, or the answer is too large or not HTTP.
        """
        was_sent = False
        until = time.monotonic() + timeout_s
        try:
            connection.timeout = timeout_s
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(timeout_s)
            connection.response_class = partial(BoundedResponse, until=until)  # type: ignore[assignment]
            was_sent = True
            connection.request("GET" if body is None else "POST", path, body, dict(headers))
            response = connection.getresponse()
            content = response.read(self.limits.max_body_bytes + 1)
            self._check_size(len(content))
            if response.length:
                raise IncompleteRead(content, response.length)
        except TimeoutError:
            connection.close()
            raise self.too_late() from None
        except IncompleteRead as error:
            connection.close()
            raise Unreachable(
                "the connection was closed in the middle of the answer", was_sent=True
            ) from error
        except OSError as error:
            connection.close()
            raise Unreachable(error, was_sent=was_sent) from error
        except HTTPException as error:
            connection.close()
            raise self.wrong_answer(f"it is not HTTP/1.1: {str(error)!r:.100}") from error
        except SeldonError:
            connection.close()
            raise
        self._idle.append(connection)
        return response.status, content

    def _check_size(self, size: int) -> None:
        most = self.limits.max_body_bytes
        if size > most:
            raise self.wrong_answer(
                f"it has {size} bytes or more, at most {most} are accepted (SELDON_MAX_BODY_BYTES)"
            )

    def _answer(self, content: bytes) -> Message:
        try:
            parsed = json.loads(content)
            if isinstance(parsed, list):  # of a router
                parsed = {"data": {"ndarray": parsed}}
            return decode_message(parsed, self.limits, "it")
        except (ValueError, RecursionError) as error:
            raise self.wrong_answer(f"it is not JSON: {error}") from error
        except SeldonError as error:
            raise self.wrong_answer(error.message) from error


def _error(status: int, content: bytes, address: str) -> SeldonError:
    """Return the node's own error: its status, info and reason; without them the one of its status."""
    code = status if _LEAST_ERROR <= status <= _LAST_ERROR else 502
    try:
        told = json.loads(content)["status"]
        info, reason = told["info"], told["reason"]
    except (ValueError, TypeError, KeyError, RecursionError):
        info = reason = None
    if not isinstance(info, str) or not isinstance(reason, str):
        return RemoteFault(address, f"answered with status {status}", status_code=code)
    return SeldonError(info, code=ErrorCode.COMPONENT_FAILED, status_code=code, reason=reason)
