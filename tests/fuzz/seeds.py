"""What fuzzing begins with: the requests and settings of the recorded cases."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError

from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from tests.support.paths import CONFORMANCE

_CORPUS = CONFORMANCE / "corpus"
_MOST_BYTES = 4000
_RPC_INPUTS = {"Aggregate": SeldonMessageList, "SendFeedback": Feedback}


@cache
def _cases() -> Sequence[dict[str, Any]]:
    lines = (line for file in sorted(_CORPUS.glob("*.jsonl")) for line in file.read_text().splitlines())
    return [json.loads(line) for line in lines if line.strip()]


def _requests(transport: str) -> Iterator[dict[str, Any]]:
    for case in _cases():
        for step in (case, *case.get("before", ())):
            request = step.get("request") or {}
            if case["transport"] == transport and {"rest": "path", "grpc": "service"}[transport] in request:
                yield request


def _body(request: dict[str, Any]) -> bytes:
    if "body_b64" in request:
        return base64.b64decode(request["body_b64"])
    return str(request.get("body") or "").encode("utf-8", "surrogatepass")


def _distinct(seeds: Iterator[bytes]) -> list[bytes]:
    return sorted({seed for seed in seeds if len(seed) <= _MOST_BYTES})


def json_bodies(*paths: str) -> list[bytes]:
    """Of REST requests to these paths."""
    return _distinct(_body(r) for r in _requests("rest") if r["path"].partition("?")[0] in paths)


def http_requests() -> list[bytes]:
    """REST requests as they stand on the wire."""
    return _distinct(_http(request) for request in _requests("rest"))


def _http(request: dict[str, Any]) -> bytes:
    body = _body(request)
    headers = {"Host": "h", **(request.get("headers") or {})}
    if body:
        headers["Content-Length"] = str(len(body))
    lines = [f"{request['method']} {request['path']} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join((*lines, "", "")).encode("utf-8", "surrogatepass") + body


def messages(*methods: str) -> list[bytes]:
    """Of gRPC requests to these methods, serialized."""
    return _distinct(_message(r) for r in _requests("grpc") if r.get("method") in methods)


def _message(request: dict[str, Any]) -> bytes:
    if "message_b64" in request:
        return base64.b64decode(request["message_b64"])
    kind = _RPC_INPUTS.get(request["method"], SeldonMessage)
    try:
        message = ParseDict(request.get("message") or {}, kind(), descriptor_pool=POOL)
    except (ParseError, TypeError):  # it holds an Any of a type that is not ours
        return b""
    return message.SerializeToString()


def parameters() -> list[bytes]:
    """PREDICTIVE_UNIT_PARAMETERS."""
    return _distinct(
        (case.get("parameters_text") or json.dumps(case.get("parameters"))).encode() for case in _cases()
    )


def variables(name: str) -> list[bytes]:
    """Values of an environment variable."""
    return _distinct(case["env"][name].encode() for case in _cases() if name in (case.get("env") or {}))
