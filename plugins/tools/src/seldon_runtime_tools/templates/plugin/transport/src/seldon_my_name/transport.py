"""The transport: lines of JSON over TCP, on an event loop in its own thread."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.plugin import Call, Method, Service, Settings, Sockets, url_host
from seldon_runtime.protocols.v1.codec import JsonCodec

_LINGER_S = 0.25
"""Time in which idle connections may send another request after the transport stops accepting."""


class MyNameTransport:
    """Answers each line, ``{"method": ..., "request": ...}``, with a line."""

    name = "my-name"

    def __init__(self, service: Service, settings: Settings, sockets: Sockets) -> None:
        self._service = service
        self._sockets = sockets
        self._codec = JsonCodec(service.limits)
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["my_name_port"])
        self._limit = service.limits.max_body_bytes
        self._clients: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Return the address; final once started."""
        return f"my-name://{url_host(self._host)}:{self._port}"

    def start(self) -> None:
        """Bind the port and serve on a thread. Raise StartupError if the port cannot be bound."""
        self._listener = self._sockets.bind(self._host, self._port, "--my-name-port (SELDON_MY_NAME_PORT)")
        self._listener.setblocking(False)  # before dup(), which passes the mode on: workers share it
        self._port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        serving = asyncio.start_server(self._serve, sock=self._listener.dup(), limit=self._limit)
        self._server = self._loop.run_until_complete(serving)
        self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
        self._thread.start()

    def stop_accepting(self) -> None:
        """Accept no new connections; serve those that the system has accepted already."""
        self._on_loop(self._close()).result()

    def stop(self, grace_s: float) -> None:
        """Wait up to ``grace_s`` seconds for pending answers, then end."""
        self._on_loop(self._finish(grace_s)).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        self._server.close()
        for connection in self._sockets.drained(self._listener):
            reader, writer = await asyncio.open_connection(sock=connection, limit=self._limit)
            self._clients.add(asyncio.create_task(self._serve(reader, writer)))

    async def _finish(self, grace_s: float) -> None:
        if self._clients:
            await asyncio.wait(self._clients, timeout=min(_LINGER_S, grace_s))
        for client in self._idle:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients, timeout=max(0.0, grace_s - _LINGER_S))
        for client in self._clients:
            client.cancel()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client: Any = asyncio.current_task()
        self._clients.add(client)
        try:
            while line := await self._next_line(client, reader):
                writer.write(await self._answer(line) + b"\n")
                await writer.drain()
                if self._service.draining:
                    break
        except (OSError, asyncio.CancelledError):
            pass  # the client disconnected, or the process ends
        finally:
            self._clients.discard(client)
            writer.close()

    async def _next_line(self, client: asyncio.Task[None], reader: asyncio.StreamReader) -> bytes:
        """Return the next line; a part of one above the limit; empty at the end of the connection."""
        self._idle.add(client)
        try:
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return b""
        except asyncio.LimitOverrunError as overrun:
            return await reader.readexactly(overrun.consumed)
        finally:
            self._idle.discard(client)

    async def _answer(self, line: bytes) -> bytes:
        try:
            if not line.endswith(b"\n"):
                raise SeldonError("the line exceeds the size limit of a request", code=ErrorCode.TOO_LARGE)
            method, request = _parsed(line)
            call = Call(method, request, self._codec, self.name, request_bytes=len(line))
            return bytes(await self._service.call_async(call))
        except SeldonError as error:
            status = {"code": -1, "info": error.message, "reason": error.reason, "status": 1}
            return bytes(self._codec.to_wire({"status": status}))


def _parsed(line: bytes) -> tuple[Method, Any]:
    """Return method and request of a line. Raise SeldonError if it is not a call."""
    try:
        asked = json.loads(line)
        return Method(asked["method"]), asked["request"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SeldonError(f"the line must be a JSON object with method and request: {error!r}") from error
