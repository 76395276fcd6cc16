"""A component that answers what it is asked, behind REST, Flask and gRPC, without a socket in between."""

from __future__ import annotations

import asyncio
import json
import re
import weakref
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import uvicorn
from uvicorn.server import ServerState

from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime_grpc.codec import GrpcCodec
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.connection import Connection
from seldon_runtime_rest.crowd import Crowd
from seldon_runtime_rest.flask_app import create_app
from seldon_runtime_rest.json_text import dumper

LIMITS = Limits(max_body_bytes=100_000, max_array_values=10_000)
_CALLERS_FAULTS = (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE)
_REST = RestCodec(LIMITS, dumper())
_GRPC = GrpcCodec(LIMITS)


class Identity:
    """Answers what it gets: it never fails, so that an answer that blames it is a finding."""

    def predict(self, X, names, meta=None):
        return {"value": X} if isinstance(X, float | int | None) else X

    transform_input = transform_output = predict

    def aggregate(self, X, names):
        return self.predict(X[0], names)

    def send_feedback(self, X, names, reward, truth, routing=None):
        return self.predict(X, names)

    def route(self, X, names):
        return 0


_COMPONENT = Component(Identity())


def _answer(method: Method, wire: bytes, codec: Any) -> Any:
    try:
        return _COMPONENT.answer(Call(method, wire, codec, "fuzz"))
    except SeldonError as error:
        if error.code not in _CALLERS_FAULTS:
            raise AssertionError(f"the component is blamed: {error.code.name}: {error}") from error
        raise


def _no_such_number(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def rest(method: Method, body: bytes) -> None:
    """A JSON body. Raises SeldonError when it is refused."""
    json.loads(_answer(method, body, _REST).body, parse_constant=_no_such_number)


def grpc(method: Method, message: bytes) -> None:
    """A serialized message. Raises SeldonError when it is refused."""
    SeldonMessage.FromString(_answer(method, message, _GRPC))


class _Inline:
    """An executor whose only thread is the caller's."""

    queue_size = 1

    def submit(self, task: Any) -> None:
        task()


@cache
def _flask() -> Any:
    service = Service(_COMPONENT, _Inline(), limits=LIMITS)  # type: ignore[arg-type]
    return create_app(service, lambda method: _REST)


_NO_TARGET = re.compile(rb"[^\x21-\x7e]")


def flask(request: bytes) -> None:
    """An HTTP request as it stands on the wire, read leniently, to the Flask application."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    verb, target, *_ = (*line.split(b" "), b"", b"")
    target = _NO_TARGET.sub(lambda byte: b"%%%02X" % ord(byte[0]), target)  # the server refuses such
    path, _, query = target.partition(b"?")
    types = [
        value.strip()
        for name, _, value in (h.partition(b":") for h in headers)
        if name.lower() == b"content-type"
    ]
    environ = {
        "REQUEST_METHOD": verb.decode("latin-1"),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "CONTENT_TYPE": (types or [b""])[0].decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "h",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []
    answer = b"".join(_flask()(environ, lambda status, *_: statuses.append(status)))
    if statuses[0] >= "5":
        raise AssertionError(f"Flask answered {statuses[0]}: {answer[:300]!r}")


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
