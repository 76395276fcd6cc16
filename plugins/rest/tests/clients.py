"""Clients of one component behind the REST transport: of its ASGI application, or of a server."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seldon_runtime.plugin import Service
from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.transport import RestTransport


@dataclass(frozen=True)
class Answer:
    """A response over HTTP; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def info(self) -> str:
        """The message in the protocol's error body."""
        assert self.json.keys() == {"status"}
        assert self.json["status"].keys() == {"code", "info", "reason", "status"}
        info: str = self.json["status"]["info"]
        return info

    @property
    def reason(self) -> str:
        reason: str = self.json["status"]["reason"]
        return reason


class App:
    """An ASGI application, asked without a server in between."""

    def __init__(self, app: Any, service: Service, runner: asyncio.Runner) -> None:
        self.app = app
        self.service = service
        self._runner = runner

    def request(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        leave: asyncio.Event | None = None,
    ) -> Answer:
        """One request; a ``body`` in pieces comes without Content-Length. The client leaves at ``leave``."""
        return self._runner.run(self.ask(verb, target, body, headers, leave=leave))

    def post(self, target: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON body."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", target, json.dumps(value).encode(), given)

    async def ask(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | None = None,
        *,
        leave: asyncio.Event | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        given = {name.lower(): value for name, value in (headers or {}).items()}
        whole = isinstance(body, bytes)
        if whole and body:
            given.setdefault("content-length", str(len(body)))
        pieces = iter([body] if isinstance(body, bytes) else [*body, b""])
        gone = leave or asyncio.Event()
        events: list[Any] = []

        async def receive() -> dict[str, Any]:
            piece = next(pieces, None)
            if piece is None:
                await gone.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": not whole and piece != b""}

        async def send(event: dict[str, Any]) -> None:
            events.append(event)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": verb,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "root_path": "",
        }
        await self.app(scope, receive, send)
        if not events:
            return Answer(0, {}, b"")
        assert [event["type"] for event in events[:1]] == ["http.response.start"]
        return Answer(
            events[0]["status"],
            {name.decode(): value.decode("latin-1") for name, value in events[0]["headers"]},
            b"".join(event.get("body", b"") for event in events[1:]),
        )


class Server:
    """A component's REST transport on a free port of this process."""

    def __init__(self, transport: RestTransport, service: Service) -> None:
        self.transport = transport
        self.service = service

    @property
    def port(self) -> int:
        return int(self.transport.address.rpartition(":")[2])

    def drain(self) -> None:
        """Begin the drain, as the runtime does at the end."""
        self.service.ready = False
        self.service.draining = True
        self.transport.stop_accepting()

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.connect()
        return connection

    def request(
        self,
        verb: str,
        target: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        over: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """One request, over a connection of its own unless told otherwise."""
        connection = over or self.connect()
        try:
            connection.request(verb, target, body, dict(headers or {}))
            return self.answer(connection)
        finally:
            if over is None:
                connection.close()

    @staticmethod
    def answer(connection: http.client.HTTPConnection) -> Answer:
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())

    def post(self, target: str, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """A JSON body."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", target, json.dumps(value).encode(), given)
