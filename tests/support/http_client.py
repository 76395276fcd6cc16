"""An HTTP client with one connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seldon_runtime.testing import WAIT_S

JSON_TYPE = {"Content-Type": "application/json"}
NO_RESPONSE = (OSError, http.client.HTTPException)
"""Raised by a call whose connection the server refuses, closes or resets."""


@dataclass(frozen=True)
class HttpAnswer:
    """A response; its headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def info(self) -> str:
        """The message of the protocol's error body."""
        info: str = self.json["status"]["info"]
        return info


class HttpClient:
    """One keep-alive connection to a port of this machine.

    It connects at the first request, and anew at the first one after the server has closed the connection.
    """

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)

    def connect(self) -> HttpClient:
        """Connect now, rather than at the first request."""
        self.http.connect()
        return self

    def begin(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a request, whose :meth:`answer` can be waited for."""
        self.http.request(verb, path, body, dict(headers or {}))

    def begin_head(self, verb: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> None:
        """Send the head of a request, and of its body no more than ``body``."""
        self.http.putrequest(verb, path)
        for name, value in headers.items():
            self.http.putheader(name, value)
        self.http.endheaders(body)

    def answer(self) -> HttpAnswer:
        """Wait for the response to the last request."""
        response = self.http.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return HttpAnswer(response.status, headers, response.read())

    def request(
        self, verb: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send a request and wait for its response."""
        self.begin(verb, path, body, headers)
        return self.answer()

    def get(self, path: str, **headers: str) -> HttpAnswer:
        """Get a path."""
        return self.request("GET", path, headers=headers)

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Post a value as JSON."""
        return self.request("POST", path, json.dumps(value).encode(), {**JSON_TYPE, **(headers or {})})

    def close(self) -> None:
        """Close the connection."""
        self.http.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
