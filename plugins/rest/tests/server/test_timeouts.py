"""What slow, silent and numerous clients get: each limit in time, and nobody else is kept waiting."""

from __future__ import annotations

import select
import socket
import time

import pytest

from seldon_runtime.testing import WAIT_S, wait_until

from .raw_requests import HEAD, PING, all_of

HASTE = ("--http-head-timeout", "0.3", "--http-body-timeout", "0.3")


class Filling:
    """Answers a text of the length that it is asked for."""

    def predict(self, X, names):
        return "x" * int(X)


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(Filling(), *HASTE)


def drip(connection: socket.socket, begin: bytes, more: bytes) -> bytes:
    """Send ``more`` again and again, slowly, until something comes back, and give all that does."""
    connection.sendall(begin)
    while not select.select([connection], [], [], 0.05)[0]:
        connection.sendall(more)
    return all_of(connection)


def ping(connection: socket.socket) -> None:
    connection.sendall(PING + b"\r\n")
    received = b""
    while not received.endswith(b"pong"):
        received += connection.recv(65536)


def ask_for(size: int) -> bytes:
    body = b'{"strData":"%d"}' % size
    return HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"", b"\r\n"), (b"GET /", b"a"), (PING, b"a"), (PING + b"X: a", b"a")],
    ids=["empty lines", "a request line", "a header's name", "a header's value"],
)
@pytest.mark.parametrize("has_asked", [False, True], ids=["first", "second"])
def test_a_head_that_does_not_end_in_time_is_a_408(connect, begin, more, has_asked):
    with connect() as connection:
        if has_asked:
            ping(connection)
        received = drip(connection, begin, more)
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"MICROSERVICE_BAD_DATA" in received
    assert b"connection: close" in received


@pytest.mark.parametrize(
    "begin",
    [
        HEAD + b"Content-Length: 1000000\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\nx",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;x",
        HEAD.replace(b"json", b"x-www-form-urlencoded") + b"Content-Length: 1000000\r\n\r\njson=",
    ],
    ids=["length", "chunk", "extension", "form"],
)
def test_a_body_that_comes_too_slowly_is_a_408(connect, begin):
    with connect() as connection:
        received = drip(connection, begin, b"a")
    assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"bytes of the body within 0.3 seconds" in received


@pytest.fixture
def patient(serve):
    """A connection to a server whose windows are longer than what a busy machine sleeps."""
    server = serve(Filling(), "--http-body-timeout", "1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        yield connection


def test_a_body_that_comes_slowly_but_steadily_is_taken(patient):
    body = b'{"strData":"1"%b}' % (b" " * 25_000)
    with patient as connection:
        connection.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
        began = time.monotonic()
        for start in range(0, len(body), 500):  # 20 in a second: 10 KB/s, where 1 KiB/s is asked
            assert not select.select([connection], [], [], 0.05)[0]
            connection.sendall(body[start : start + 500])
        assert time.monotonic() - began > 2
        assert all_of(connection).endswith(b'"strData":"x"}\n')


@pytest.mark.parametrize("kind", ["never sent anything", "had its answer"])
def test_an_idle_connection_is_closed(serve, kind):
    server = serve(Filling(), "--http-keep-alive", "1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        if kind == "had its answer":
            ping(connection)
        assert all_of(connection) == b""


@pytest.mark.parametrize("closing", [False, True], ids=["keep-alive", "close"])
def test_a_client_that_does_not_read_its_answer_is_dropped(server, connect, closing):
    request = ask_for(30_000_000)  # more than the system's buffers hold
    if closing:
        request = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    connections = server.transport._server.connections.open
    with connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request)
        wait_until(lambda: connections, "a connection to open")
        wait_until(lambda: not connections, "the connection to close")


def test_a_client_that_reads_its_answer_slowly_but_steadily_gets_it(patient):
    with patient as connection:
        connection.sendall(ask_for(50_000_000).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        received = 0
        began = time.monotonic()
        while part := connection.recv(1_000_000):
            received += len(part)
            if time.monotonic() - began < 2.5:
                time.sleep(0.05)
    assert received > 50_000_000


def test_a_refused_body_is_read_over_for_a_while_then_the_connection_is_closed(serve, brief_linger):
    server = serve(Filling(), max_body_bytes=1000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n")
        while not select.select([connection], [], [], 0)[0]:
            connection.sendall(b" " * 1000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            endless(connection)


def endless(connection: socket.socket) -> None:
    while True:
        connection.sendall(b" " * 1000)


def test_a_refused_body_that_was_asked_for_first_ends_the_connection(serve):
    server = serve(Filling(), max_body_bytes=1000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n")
        assert all_of(connection).startswith(b"HTTP/1.1 413 ")  # and no "100 Continue" before it


def test_a_body_that_is_asked_for_first_is_asked_for(serve):
    server = serve(Filling())
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        for _ in range(2):
            connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 15\r\n\r\n")
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b'{"strData":"1"}')
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


class TestMostConnections:
    @pytest.fixture
    def server(self, serve):
        return serve(Filling(), "--http-max-connections", "5", "--http-head-timeout", "60")

    def test_each_new_one_closes_the_one_that_was_idle_for_the_longest_time(self, server, connect, caplog):
        idle = [connect() for _ in range(5)]
        for connection in (*idle, idle[0], idle[1]):
            ping(connection)
        for _ in range(3):
            with connect() as connection:
                ping(connection)
        assert all_of(idle[2]) == b""
        idle[0].sendall(PING + b"Connection: close\r\n\r\n")
        assert all_of(idle[0]).endswith(b"pong")
        for connection in idle:
            connection.close()
        told = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
        assert len(told) == 1
        assert told[0].startswith("all 5 connections are taken")
        assert "--http-max-connections" in told[0]

    def test_without_an_idle_one_the_new_one_is_refused(self, server, connect):
        busy = [connect() for _ in range(5)]
        for connection in busy:
            connection.sendall(PING)
        connections = server.transport._server.connections
        wait_until(lambda: len(connections.open) == 5 and not connections.idle, "five busy connections")
        with connect() as connection:
            received = all_of(connection)
        assert received.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"retry-after: 1" in received
        assert b"MICROSERVICE_OVERLOADED" in received
        for connection in busy:
            connection.sendall(b"Connection: close\r\n\r\n")
            assert all_of(connection).endswith(b"pong")
            connection.close()
