"""A response does not depend on earlier requests of its connection, nor on other clients."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import pytest

from seldon_runtime import Response
from seldon_runtime.testing import Served
from seldon_runtime.testing.served import LOCAL
from seldon_runtime_v2.plugin import V2Plugin
from tests.support.raw_socket import RawSocket


class Sent(NamedTuple):
    verb: str
    wire: bytes


class Answers:
    def predict(self, X: Any, features_names: Any) -> Any:
        if isinstance(X, str):
            if X == "fail":
                raise ValueError("failed")
            return Response(X, {"t": 1}, headers={"X-A": "b"})
        return np.repeat(np.asarray(X), 2, axis=0)[::2]


def sent(verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Sent:
    kind = {"Content-Type": "application/json"} if body else {}
    every = {"Host": "x", "Content-Length": str(len(body)), **kind, **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in every.items())
    return Sent(verb, f"{verb} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)


def chunked(path: str, body: bytes) -> Sent:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    wire = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return Sent("POST", wire)


def rows(count: int) -> bytes:
    return json.dumps({"data": {"ndarray": [[float(number) for number in range(count)]]}}).encode()


def text(word: str) -> bytes:
    return json.dumps({"strData": word}).encode()


def npy() -> bytes:
    written = BytesIO()
    np.save(written, np.ones((2, 2)))
    return written.getvalue()


TENSOR = {"name": "x", "shape": [1, 2], "datatype": "FP64"}
V2_JSON = json.dumps({"inputs": [{**TENSOR, "data": [1, 2]}]}).encode()
V2_HEAD = json.dumps(
    {
        "inputs": [{**TENSOR, "parameters": {"binary_data_size": 16}}],
        "parameters": {"binary_data_output": True},
    }
).encode()
V2_LENGTH = {"Inference-Header-Content-Length": str(len(V2_HEAD))}
NPY = {"Content-Type": "application/x-npy"}
GZIP = {"Accept-Encoding": "gzip"}
INFER = "/v2/models/m/infer"
REQUESTS = [
    sent("POST", "/predict", rows(2)),
    sent("POST", "/predict", rows(2), {"Accept": "application/x-npy"}),
    sent("POST", "/predict", rows(2), {"Accept": "text/csv"}),
    sent("POST", "/predict", rows(2), {"Accept": "text/event-stream"}),
    sent("POST", "/predict", rows(2000)),
    sent("POST", "/predict", rows(2000), GZIP),
    sent("POST", "/predict", gzip.compress(rows(2)), {"Content-Encoding": "gzip"}),
    sent("POST", "/predict", npy(), NPY),
    sent("POST", "/predict", npy(), {**NPY, "Accept": "application/x-npy"}),
    sent("POST", "/predict", text("a")),
    sent("POST", "/predict", text("fail")),
    sent("POST", "/predict", b"{"),
    sent("POST", "/nowhere", rows(2)),
    sent("PUT", "/predict", rows(2)),
    sent("GET", "/predict?json=%7B%22strData%22%3A%22q%22%7D"),
    sent("GET", "/metadata"),
    sent("HEAD", "/metadata"),
    sent("OPTIONS", "/predict"),
    sent("POST", INFER, V2_JSON),
    sent("POST", INFER, V2_JSON, GZIP),
    sent("POST", INFER, V2_HEAD + np.arange(2.0).tobytes(), V2_LENGTH),
    sent("POST", INFER, V2_HEAD + b"x", V2_LENGTH),
    sent("GET", "/v2/models/m"),
    sent("HEAD", "/v2/health/ready"),
    chunked("/predict", rows(2)),
    chunked(INFER, V2_JSON),
    chunked("/predict", b"{"),
]


class Connection(RawSocket):
    """A connection whose responses are read one by one."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._file = self.socket.makefile("rb")

    def response(self, verb: str) -> Any:
        """Return the status, the headers but for the date, and the body of the next response."""
        made = http.client.HTTPResponse(_Kept(self._file), method=verb)  # type: ignore[arg-type]
        made.begin()
        body = made.read()
        headers = {name.lower(): value for name, value in made.getheaders() if name.lower() != "date"}
        headers["x-request-id"] = str("x-request-id" in headers)
        return made.status, sorted(headers.items()), re.sub(rb"request [0-9a-f-]{8,}", b"request", body)


class _Kept:
    """A file that a response reads and does not close."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.read, self.readline, self.readinto = file.read, file.readline, file.readinto
        self.flush, self.closed = file.flush, False

    def makefile(self, mode: str) -> Any:
        return self

    def read1(self, size: int = -1) -> bytes:
        return bytes(self._file.read1(size))

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    words = (*LOCAL, "--v2-model-name", "m")
    served = Served("rest", Answers(), words, extensions=[V2Plugin()]).start()
    yield int(served.address.rpartition(":")[2])
    served.stop()


@pytest.fixture(scope="module")
def alone(port: int) -> list[Any]:
    """The response to each request on a connection of its own."""
    found = []
    for request in REQUESTS:
        connection = Connection(port)
        connection.send(request.wire)
        found.append(connection.response(request.verb))
        connection.close()
    assert [status for status, _, _ in found].count(200) > len(found) // 2
    return found


@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.parametrize("pipelined", [1, 5])
@pytest.mark.parametrize("seed", range(5))
def test_no_response_depends_on_the_requests_before_it(
    port: int, alone: list[Any], clients: int, pipelined: int, seed: int
) -> None:
    chosen = random.Random(seed)
    connections = [Connection(port) for _ in range(clients)]
    for _ in range(40 // pipelined):
        places = [chosen.choices(range(len(REQUESTS)), k=pipelined) for _ in connections]
        for connection, mine in zip(connections, places, strict=True):
            connection.send(b"".join(REQUESTS[place].wire for place in mine))
        for connection, mine in zip(connections, places, strict=True):
            for place in mine:
                assert connection.response(REQUESTS[place].verb) == alone[place], REQUESTS[place]
    for connection in connections:
        connection.close()
