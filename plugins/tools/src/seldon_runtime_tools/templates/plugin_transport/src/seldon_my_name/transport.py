"""The transport: lines of JSON over TCP, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from seldon_runtime import ErrorCode, SeldonError
from seldon_runtime.call import Call
from seldon_runtime.message import Method
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime.transport import bind, drained

_LINGER_S = 0.25
"""How long idle connections may bring another request once nothing new is accepted."""


class MyNameTransport:
    """Each line is a call, ``{"method": ..., "request": ...}``; each answer is a line."""

    name = "my-name"

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._codec = JsonCodec(service.limits)
        self._host: str = settings["host"]
        self._port = settings.port_for(self.name, settings["my_name_port"])
        self._limit = service.limits.max_body_bytes
        self._clients: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where it listens; final once started."""
        return f"my-name://{self._host}:{self._port}"

    def start(self) -> None:
        """Bind, and serve in a thread. Raises StartupError when the port cannot be had."""
        self._listener = bind(self._host, self._port, "--my-name-port (SELDON_MY_NAME_PORT)")
        self._port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        serving = asyncio.start_server(self._serve, sock=self._listener.dup(), limit=self._limit)
        self._server = self._loop.run_until_complete(serving)
        self._thread = threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True)
        self._thread.start()

    def stop_accepting(self) -> None:
        """Take no new connections; serve those that the system has made already."""
        self._on_loop(self._close()).result()

    def stop(self, grace_s: float) -> None:
        """Wait for the answers, ``grace_s`` seconds at most; then end."""
        self._on_loop(self._finish(grace_s)).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        self._server.close()
        for connection in drained(self._listener):
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
            pass  # the client has gone, or the process ends
        finally:
            self._clients.discard(client)
            writer.close()

    async def _next_line(self, client: asyncio.Task[None], reader: asyncio.StreamReader) -> bytes:
        """The next whole line; one above the limit as far as it goes; empty at the end of the connection."""
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
                raise SeldonError("the line is longer than a request may be", code=ErrorCode.TOO_LARGE)
            method, request = _parsed(line)
            call = Call(method, request, self._codec, self.name, request_bytes=len(line))
            return bytes(await self._service.call_async(call))
        except SeldonError as error:
            status = {"code": -1, "info": error.message, "reason": error.reason, "status": 1}
            return bytes(self._codec.write({"status": status}))


def _parsed(line: bytes) -> tuple[Method, Any]:
    """Raises SeldonError when the line is no call."""
    try:
        asked = json.loads(line)
        return Method(asked["method"]), asked["request"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SeldonError(f"the line is no call with method and request: {error!r}") from error
