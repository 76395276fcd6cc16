"""The memory of requests over HTTP: counted while they arrive, bounded, and free when they are gone."""

from __future__ import annotations

import gc
import gzip
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_runtime.plugin import MemoryBudget
from seldon_runtime.testing import wait_until

from .components import Identity

KIB = 1024
BODY = 200 * KIB
HEAD = b"POST /predict%b HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%b\r\n\r\n"
FRAMINGS = {
    "announced": (b"Content-Length: %d" % (BODY * 2), b" " * BODY),
    "chunked": (b"Transfer-Encoding: chunked", b"%x\r\n%b" % (BODY * 2, b" " * BODY)),
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def send() -> Iterator[Callable[..., socket.socket]]:
    """``send(server, bytes)``: a connection over which they were sent."""
    opened: list[socket.socket] = []

    def send(server: Any, sent: bytes) -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", server.port)))
        opened[-1].sendall(sent)
        return opened[-1]

    yield send
    for each in opened:
        each.close()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("query", [b"", b"?%61"], ids=["plain", "form thread"])
def test_an_upload_that_is_broken_off_frees_its_memory_without_the_collector(
    serve: Any, send: Any, framing: str, query: bytes
) -> None:
    """Fails when the exchange stays with its connection, which refers to itself."""
    server = serve(Identity())
    header, part = FRAMINGS[framing]
    clients = [send(server, HEAD % (query, header) + part) for _ in range(5)]
    wait_until(lambda: server.service.memory.used_bytes == 5 * BODY, "all of it to arrive")
    for client in clients:
        client.close()
    wait_until(lambda: server.service.memory.used_bytes == 0, "the memory to be free again")


@pytest.mark.usefixtures("no_collector")
def test_requests_that_were_answered_or_refused_take_nothing(serve: Any, send: Any) -> None:
    server = serve(Identity(), max_request_memory=1_000_000)
    text = json.dumps({"strData": "x" * 100_000}).encode()
    lists = b'{"jsonData":[' + b"[]," * 50_000 + b"[]]}"
    connection = server.connect()
    for body, headers, status in [(text, JSON, 200), (lists, JSON, 413), (b"{" * 5000, JSON, 400)] * 2:
        assert server.request("POST", "/predict", body, headers, over=connection).status == status
    broken = send(
        server, HEAD % (b"", b"Transfer-Encoding: chunked") + b"2710\r\n%b\r\nzz\r\n" % (b" " * 10_000)
    )
    assert broken.recv(100).startswith(b"HTTP/1.1 400 ")
    wait_until(lambda: server.service.memory.used_bytes == 0, "the memory to be free again")
    connection.close()


def test_bodies_that_arrive_are_refused_beyond_the_budget_and_health_answers(serve: Any, send: Any) -> None:
    server = serve(Identity())
    server.service.memory = MemoryBudget(10 * BODY)
    header, part = FRAMINGS["announced"]
    for count in range(1, 6):
        send(server, HEAD % (b"", header) + part)
        wait_until(lambda count=count: server.service.memory.used_bytes == count * BODY, "it to arrive")  # type: ignore[misc]
    text = json.dumps({"strData": "x" * 30_000}).encode()
    packed = gzip.compress(text)  # of a size that is not counted itself
    for body, headers in [(text, JSON), (packed, {**JSON, "Content-Encoding": "gzip"})]:
        answer = server.request("POST", "/predict", body, headers)
        refused = (answer.status, answer.reason, answer.headers["retry-after"])
        assert refused == (503, "MICROSERVICE_OVERLOADED", "1")
        assert "SELDON_MEMORY_BUDGET" in answer.info
    assert server.request("GET", "/health/live").status == 200
    assert server.post("/predict", {"strData": "small"}).json["strData"] == "small"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"jsonData":[' + b"[]," * 30_000 + b"[]]}", JSON),
        (b'{"data":{"ndarray":[' + b"[null]," * 30_000 + b"[0]]}}", JSON),
        (b"a&" * 20_000, FORM),
        (b"json=" + b"%5B%5D%2C" * 20_000, FORM),
    ],
    ids=["lists", "rows without numbers", "form fields", "escapes"],
)
def test_a_request_that_would_take_too_much_is_a_413_with_the_estimate_and_the_setting(
    serve_module: Any, body: bytes, headers: dict[str, str]
) -> None:
    server = serve_module(Identity(), max_request_memory=1_000_000)
    answer = server.request("POST", "/predict", body, headers)
    assert (answer.status, answer.reason) == (413, "MICROSERVICE_TOO_LARGE")
    assert "takes an estimated" in answer.info
    assert "at most 1000000 are accepted (SELDON_MAX_REQUEST_MEMORY)" in answer.info


def test_the_parts_of_a_multipart_form_count_together(serve_module: Any) -> None:
    server = serve_module(Identity(), max_request_memory=1_000_000)
    headers = {"Content-Type": "multipart/form-data; boundary=line"}

    def form(parts: int) -> bytes:
        part = b'--line\r\nContent-Disposition: form-data; name="%d"\r\n\r\n%b\r\n'
        lists = b"[" + b"[]," * 3000 + b"[]]"
        text = b'--line\r\nContent-Disposition: form-data; name="strData"\r\n\r\nx\r\n'
        return b"".join(part % (n, lists) for n in range(parts)) + text + b"--line--\r\n"

    assert server.request("POST", "/predict", form(1), headers).json["strData"] == "x"
    assert server.request("POST", "/predict", form(6), headers).status == 413


def test_numbers_need_no_more_than_their_array(serve_module: Any) -> None:
    server = serve_module(Identity(), max_request_memory=2_000_000)
    numbers = b'{"data":{"ndarray":[' + b"0.25," * 100_000 + b"1]}}"
    assert server.request("POST", "/predict", numbers, JSON).status == 200
