"""Requests of ``SeldonClient`` over HTTP, by the standard library. Its proxy variables count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seldon_core.client.credentials import TOKEN_HEADER, tls_context
from seldon_core.client.settings import CallSettings


@dataclass(frozen=True)
class HttpAnswer:
    """An answer with any status."""

    status: int
    reason: str
    body: bytes

    @property
    def is_ok(self) -> bool:
        """True for the status 200."""
        return self.status == 200

    def json(self) -> Any:
        """Return the body as JSON; None if it is something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def post_to_gateway(settings: CallSettings, path: str, message: Any) -> HttpAnswer:
    """Send JSON to a path of the gateway, and wait for the answer.

    Raises:
        ConnectionError: no server answers there.
        OSError: TLS or the time limit ended the connection, or a file of the credentials cannot be read.
    """
    token = {} if settings.token is None else {TOKEN_HEADER: settings.token}
    headers = {**token, **settings.headers, "Content-Type": "application/json"}
    address = _address(settings.gateway_endpoint, path, tls=settings.uses_tls)
    return _post(settings, address, json.dumps(message).encode(), headers)


def post_to_component(settings: CallSettings, path: str, message: Any) -> HttpAnswer:
    """Send JSON, as the field ``json`` of a form, to a component itself.

    Errors are those of :func:`post_to_gateway`.
    """
    from urllib.parse import urlencode

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    address = _address(settings.microservice_endpoint, path, tls=False)
    return _post(settings, address, urlencode({"json": json.dumps(message)}).encode(), headers)


def _address(endpoint: str, path: str, *, tls: bool) -> str:
    return f"{'https' if tls else 'http'}://{endpoint}{path}"


def _post(settings: CallSettings, address: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    from urllib.error import HTTPError, URLError
    from urllib.request import HTTPHandler, HTTPSHandler, Request, build_opener

    level = int(settings.debug)
    handlers: list[Any] = [HTTPHandler(debuglevel=level)]
    if address.startswith("https:"):
        handlers.append(HTTPSHandler(level, context=tls_context(settings.channel_credentials)))
    request = Request(address, body, dict(headers), method="POST")
    try:
        with build_opener(*handlers).open(request, timeout=settings.timeout_s) as answer:
            return HttpAnswer(answer.status, answer.reason, answer.read())
    except HTTPError as error:
        with error:
            return HttpAnswer(error.code, str(error.reason), error.read())
    except URLError as error:
        raise ConnectionError(f"{address} does not answer: {error.reason}") from error
