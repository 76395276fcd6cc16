"""HTTP clients that take their time, or leave: other clients do not wait for them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
HASTE = ("--http-head-timeout", "2", "--http-body-timeout", "2")
PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n"
HEAD = b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
FORM = HEAD.replace(b"json", b"x-www-form-urlencoded")
LENGTH = b"Content-Length: 100000\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CLIENTS = 40
"""More than Flask has spare threads."""


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (PING + b"X-Slow: ", b"a"),
        (b"GET /", b"a"),
        (HEAD + LENGTH, b" "),
        (HEAD + CHUNKED + b"fffff\r\n", b" "),
        (FORM + LENGTH, b"a"),
    ],
    ids=["header", "request line", "body", "chunk", "form"],
)
def test_a_byte_at_a_time_is_a_408_in_the_end(
    lasting_host: Start, raw_socket: Start, others: Start, begin: bytes, more: bytes
) -> None:
    server = lasting_host("REST", *HASTE)
    bystanders = others(server)
    slow = [raw_socket(server).send(begin) for _ in range(CLIENTS)]
    bystanders.wait_for_answers()
    assert server.get("/metadata").status == 200  # through Flask
    for one in slow:
        assert one.drip(more).statuses() == [408]
    bystanders.wait_for_answers()


def test_connections_without_a_request_are_closed(host: Start, raw_socket: Start) -> None:
    server = host("REST", "--http-keep-alive", "1")
    silent = [raw_socket(server) for _ in range(CLIENTS)]
    for one in [raw_socket(server) for _ in range(CLIENTS)]:
        assert one.send(PING + b"\r\n").until(b"pong").startswith(b"HTTP/1.1 200 ")
        silent.append(one)
    assert server.post("/predict", {"strData": "x"}).json["strData"] == "x"
    for one in silent:
        assert one.all() == b""


@pytest.mark.parametrize(
    "begin", [b"", PING, HEAD + LENGTH, FORM + LENGTH], ids=["nothing", "head", "body", "form"]
)
def test_a_client_that_stops_sending_has_left(
    lasting_host: Start, raw_socket: Start, others: Start, begin: bytes
) -> None:
    server = lasting_host("REST")
    bystanders = others(server)
    for _ in range(CLIENTS):
        half_open = raw_socket(server).send(begin)
        half_open.socket.shutdown(socket.SHUT_WR)
        assert half_open.all() == b""
    bystanders.wait_for_answers()


@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
def test_a_client_that_does_not_read_its_answer_is_dropped(
    host: Start, raw_socket: Start, others: Start, connection: bytes
) -> None:
    server = host("REST", *HASTE, "--log-level", "DEBUG")
    bystanders = others(server)
    body = b'{"strData":"fill 20000000"}'
    request = HEAD + b"Connection: %b\r\nContent-Length: %d\r\n\r\n%b" % (connection, len(body), body)
    before = server.peak_mib()
    for _ in range(5):
        raw_socket(server).send(request)
    server.wait_for_log(r"(?s)(of its response in time.*){5}")
    assert server.peak_mib() - before < 500  # an answer is 20 MB, and there are some copies while it is made
    bystanders.wait_for_answers()


def test_a_client_that_asks_on_and_on_without_reading_is_dropped(
    host: Start, raw_socket: Start, others: Start
) -> None:
    server = host("REST", *HASTE, "--log-level", "DEBUG")
    bystanders = others(server)
    body = b'{"strData":"fill 1000000"}'
    deaf = raw_socket(server)
    for _ in range(100):
        deaf.send(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    server.wait_for_log("of its response in time")
    bystanders.wait_for_answers()
