"""A component that answers what it is asked, behind REST, forms and gRPC, without a socket in between."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.testing.components import Faultless
from seldon_runtime.testing.served import run_call
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1.codec import GrpcCodec
from seldon_runtime_rest.request import Headers, HttpRequest
from seldon_runtime_rest.v1.codec import RestCodec
from seldon_runtime_rest.v1.forms import wire_of
from seldon_runtime_rest.v1.json_text import dumper

LIMITS = Limits(max_body_bytes=100_000, max_array_values=10_000)
_CALLERS_FAULTS = (ErrorCode.BAD_DATA, ErrorCode.TOO_LARGE)
_REST = RestCodec(LIMITS, dumper())
_GRPC = GrpcCodec(LIMITS)
COMPONENT = ComponentAdapter(Faultless())


def _answer(method: Method, wire: Any, codec: Any) -> Any:
    try:
        return run_call(COMPONENT, Call(method, wire, codec, "fuzz"))
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


_NO_TARGET = re.compile(rb"[^\x21-\x7e]")


def form(request: bytes) -> None:
    """An HTTP request as it stands on the wire, read leniently, as the reading of forms gets it."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *rest_of_head = head.split(b"\r\n")
    verb, target, *_ = (*line.split(b" "), b"", b"")
    target = _NO_TARGET.sub(lambda byte: b"%%%02X" % ord(byte[0]), target)  # the server refuses such
    path, _, query = target.partition(b"?")
    pairs = [line.partition(b":") for line in rest_of_head]
    headers = Headers([(name.lower(), value.strip()) for name, _, value in pairs])
    read = HttpRequest(
        verb.decode("latin-1"), unquote(path.decode("ascii")), query.decode("ascii"), headers, None, body
    )
    try:
        wire = wire_of(read, max_nesting=LIMITS.max_nesting)
    except SeldonError as error:
        if error.code not in _CALLERS_FAULTS:
            raise AssertionError(f"the reading of forms fails: {error.code.name}: {error}") from error
        raise
    _answer(Method.PREDICT, wire, _REST)
