"""A connection of the HTTP server, without a socket, before an application that reads every body."""

from __future__ import annotations

import asyncio
import re
import weakref
from functools import cache
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from seldon_runtime_rest.connection import Connection
from seldon_runtime_rest.crowd import Crowd


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = bytearray()
        self.closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def get_write_buffer_size(self) -> int:
        return 0


async def _whole(scope: Any, receive: Any, send: Any) -> None:
    more = True
    while more:
        event = await receive()
        more = event["type"] == "http.request" and event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


_STATUSES = re.compile(rb"^HTTP/1\.1 (\d{3}) [^\r\n]*\r$", re.MULTILINE)
_EXPECTED = {b"100", b"200", b"400", b"431"}


@cache
def _server() -> tuple[uvicorn.Config, asyncio.AbstractEventLoop]:
    config = uvicorn.Config(_whole, lifespan="off", ws="none", log_config=None, server_header=False)
    config.load()
    loop = asyncio.new_event_loop()
    weakref.finalize(config, loop.close)
    return config, loop


def http(data: bytes) -> None:
    """Bytes from a client of the HTTP server, in two pieces, the second of which may be empty."""
    config, loop = _server()
    loop.run_until_complete(_connection(data, config, loop))


async def _connection(data: bytes, config: uvicorn.Config, loop: asyncio.AbstractEventLoop) -> None:
    failed: list[Any] = []
    loop.set_exception_handler(lambda _, context: failed.append(context))
    state = ServerState()
    protocol = Connection(config=config, server_state=state, app_state={}, _loop=loop, crowd=Crowd())
    transport = _Transport()
    protocol.connection_made(transport)
    middle = sum(data[:64]) % (len(data) + 1)
    for piece in (data[:middle], data[middle:]):
        if piece and not transport.closing:
            protocol.data_received(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    protocol.connection_lost(None)
    while state.tasks:
        await asyncio.wait(list(state.tasks))
    statuses = set(_STATUSES.findall(transport.written))
    if failed or not statuses <= _EXPECTED or (transport.written and not statuses):
        raise AssertionError(f"{bytes(transport.written[:300])!r} {failed}")
