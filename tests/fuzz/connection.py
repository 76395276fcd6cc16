"""A connection of the HTTP server, without a socket, before a component that answers everything."""

from __future__ import annotations

import asyncio
import re
import weakref
from functools import cache
from typing import Any

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Unit, environment_settings
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.testing.components import Faultless
from seldon_runtime_rest import plugin
from seldon_runtime_rest.application import Application
from seldon_runtime_rest.assembly import assemble
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.server.connections import ConnectionLimits
from seldon_runtime_rest.server.http_server import HttpServer


class _Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = bytearray()
        self.closing = False

    def write(self, data: Any) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

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


_STATUSES = re.compile(rb"^HTTP/1\.1 (\d{3}) [^\r\n]*\r$", re.MULTILINE)
_EXPECTED = {b"100", b"200", b"302", b"400", b"404", b"405", b"413", b"415", b"431", b"501"}


class _Inline(Executor):
    """An executor whose only thread is the caller's."""

    def submit(self, task: Any) -> None:
        task()


@cache
def _server() -> tuple[Application, asyncio.AbstractEventLoop]:
    service = ComponentService(Unit(ComponentAdapter(Faultless()), _Inline()))
    settings = environment_settings(list(plugin.seldon_options()))
    application = assemble(service, settings, RequestThreads(1))
    loop = asyncio.new_event_loop()
    weakref.finalize(application, loop.close)
    return application, loop


def http(data: bytes) -> None:
    """Bytes from a client of the HTTP server, in two pieces, the second of which may be empty."""
    application, loop = _server()
    loop.run_until_complete(_connection(data, application, loop))


async def _connection(data: bytes, application: Application, loop: asyncio.AbstractEventLoop) -> None:
    failed: list[Any] = []
    loop.set_exception_handler(lambda _, context: failed.append(context))
    protocol = HttpServer(application, ConnectionLimits()).protocol()
    transport = _Transport()
    protocol.connection_made(transport)
    middle = sum(data[:64]) % (len(data) + 1)
    for piece in (data[:middle], data[middle:]):
        if piece and not transport.closing:
            protocol.data_received(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    protocol.connection_lost(None)
    statuses = set(_STATUSES.findall(transport.written))
    if failed or not statuses <= _EXPECTED or (transport.written and not statuses):
        raise AssertionError(f"{bytes(transport.written[:300])!r} {failed}")
