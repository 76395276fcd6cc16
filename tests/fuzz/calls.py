"""A component that answers what it is asked, behind REST, Flask and gRPC, without a socket in between."""

from __future__ import annotations

import json
import re
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.service import Service
from seldon_runtime.testing.components import Faultless
from seldon_runtime_grpc.codec import GrpcCodec
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.flask_app import create_app
from seldon_runtime_rest.json_text import dumper

LIMITS = Limits(max_body_bytes=100_000, max_array_values=10_000)
_CALLERS_FAULTS = (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE)
_REST = RestCodec(LIMITS, dumper())
_GRPC = GrpcCodec(LIMITS)
_COMPONENT = Component(Faultless())


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
