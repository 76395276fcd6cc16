"""REST as every transport: the public contract suite."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

from seldon_runtime.inference.method import Method
from seldon_runtime.testing import WAIT_S, CallFailed, TransportContract

PATHS = {
    Method.PREDICT: "/predict",
    Method.TRANSFORM_INPUT: "/transform-input",
    Method.TRANSFORM_OUTPUT: "/transform-output",
    Method.ROUTE: "/route",
    Method.AGGREGATE: "/aggregate",
    Method.SEND_FEEDBACK: "/send-feedback",
    Method.HEALTH_STATUS: "/health/status",
}


def place(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").rpartition(":")
    return host, int(port)


def ask(address: str, verb: str, path: str, body: bytes | None = None, timeout_s: float = WAIT_S) -> Any:
    """Status and body. A server that closes the connection is an OSError, whatever http.client calls it."""
    connection = http.client.HTTPConnection(*place(address), timeout=WAIT_S)
    told = {"X-Envoy-Expected-Rq-Timeout-Ms": str(int(timeout_s * 1000))}
    try:
        connection.request(verb, path, body, {"Content-Type": "application/json", **told})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(repr(error)) from error
    finally:
        connection.close()


class TestRest(TransportContract):
    transport = "rest"
    carries_deadlines = True

    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        verb, body = ("GET", None) if request is None else ("POST", json.dumps(request).encode())
        status, answer = ask(address, verb, PATHS[method], body, timeout_s)
        parsed = json.loads(answer)
        if status == 200:
            return parsed
        raise CallFailed(parsed["status"]["reason"], parsed["status"]["info"])

    def is_ready(self, address: str) -> bool:
        return ask(address, "GET", "/health/ready")[0] == 200

    def metadata(self, address: str) -> Any:
        return json.loads(ask(address, "GET", "/metadata")[1])

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        with socket.create_connection(place(address), timeout=WAIT_S) as connection:
            connection.sendall(rubbish)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    def leave(self, address: str, request: Any, until: Callable[[], None]) -> None:
        connection = http.client.HTTPConnection(*place(address), timeout=WAIT_S)
        connection.request("POST", "/predict", json.dumps(request), {"Content-Type": "application/json"})
        until()
        connection.close()

    def stream(self, address: str, request: Any, timeout_s: float) -> Iterator[Any]:
        connection = http.client.HTTPConnection(*place(address), timeout=WAIT_S)
        told = {"X-Envoy-Expected-Rq-Timeout-Ms": str(int(timeout_s * 1000))}
        headers = {"Content-Type": "application/json", "Accept": "application/x-ndjson", **told}
        try:
            connection.request("POST", "/predict", json.dumps(request), headers)
            response = connection.getresponse()
            while line := response.readline():
                parsed = json.loads(line)
                if "status" in parsed:
                    raise CallFailed(parsed["status"]["reason"], parsed["status"]["info"])
                yield parsed
        except http.client.HTTPException as error:
            raise ConnectionError(repr(error)) from error
        finally:
            connection.close()
