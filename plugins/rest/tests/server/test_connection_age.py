"""Connections that are old: their clients are told to leave with an answer, and no request is lost by it."""

from __future__ import annotations

import math
import re
import socket
import threading
import time

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.server.connections import ConnectionLimits

from .raw_requests import HEAD, all_of

PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n\r\n"
AGE_S = 0.1


def predict(text: bytes) -> bytes:
    body = b'{"strData":"%b"}' % text
    return HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def server(serve, gated):
    return serve(gated, "--http-max-connection-age", str(AGE_S))


@pytest.fixture
def old(server):
    """A connection that is older than connections become; nothing was sent over it yet."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(PING)
        assert connection.recv(65536).endswith(b"pong")
        time.sleep(1.2 * AGE_S)  # that long it lives at least, however busy the machine is
        yield connection


def closes(received: bytes) -> list[bool]:
    """Of each answer whether it tells the client to close the connection."""
    return [b"connection: close" in answer for answer in re.split(rb"(?=HTTP/1\.1 200 )", received)[1:]]


def test_the_next_answer_on_an_old_connection_ends_it(old):
    old.sendall(PING)
    received = all_of(old)
    assert received.endswith(b"pong")
    assert closes(received) == [True]


def test_an_old_connection_without_a_request_is_kept(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.settimeout(3 * AGE_S)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(WAIT_S)
        connection.sendall(PING)
        assert all_of(connection).endswith(b"pong")


def test_a_call_that_runs_when_its_connection_becomes_old_is_answered(server, gated):
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.sendall(predict(b"a"))
        assert gated.began.wait(WAIT_S)
        time.sleep(1.2 * AGE_S)
        gated.gate.set()
        connection.sendall(PING)
        received = all_of(connection)
    assert b'"strData":"a"' in received
    assert closes(received)[-1]


def test_requests_that_came_together_are_all_answered(old, gated):
    gated.gate.set()
    old.sendall(predict(b"a") + predict(b"b") + PING)
    received = all_of(old)
    assert re.findall(rb'"strData":"(\w)"', received) == [b"a", b"b"]
    assert closes(received) == [False, False, True]


@pytest.mark.parametrize("size", [1, len(PING) - 1, len(predict(b"b")) - 3], ids=["method", "head", "body"])
def test_a_request_that_has_begun_when_an_earlier_one_is_answered_is_answered(server, old, gated, size):
    old.sendall(predict(b"a"))
    assert gated.began.wait(WAIT_S)
    old.sendall(predict(b"b")[:size])
    assert server.request("GET", "/health/ping").status == 200  # so that has been read by now
    gated.gate.set()
    old.sendall(predict(b"b")[size:])
    received = all_of(old)
    assert re.findall(rb'"strData":"(\w)"', received) == [b"a", b"b"]
    assert closes(received) == [False, True]


def test_a_server_that_ends_does_not_keep_an_old_connection(server, old, gated):
    old.sendall(predict(b"a"))
    assert gated.began.wait(WAIT_S)
    (connection,) = tuple(server.transport._server.connections.open)
    told = threading.Event()
    for step in (connection.shutdown, told.set):  # as uvicorn does at its end
        server.transport._loop.call_soon_threadsafe(step)
    assert told.wait(WAIT_S)
    old.sendall(b"G")
    assert server.request("GET", "/health/ping").status == 200  # so that has been read by now
    gated.gate.set()
    received = all_of(old)
    assert closes(received) == [True]
    assert received.count(b"HTTP/1.1 ") == 1  # what has begun is not waited for


def test_ages_differ_and_zero_is_any():
    ages = {ConnectionLimits(max_age_s=60).age_s() for _ in range(100)}
    assert len(ages) > 50
    assert 54 <= min(ages) < max(ages) <= 66
    assert ConnectionLimits(max_age_s=0).age_s() == math.inf


def test_by_default_a_young_connection_is_kept(serve, gated):
    server = serve(gated)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        for _ in range(50):
            connection.sendall(PING)
            received = b""
            while not received.endswith(b"pong"):
                received += connection.recv(65536)
            assert closes(received) == [False]
