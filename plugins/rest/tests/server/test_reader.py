"""Invalid and unusual heads and bodies, and those beyond a limit."""

from __future__ import annotations

import select
import socket

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.extension import HttpErrors, HttpResponse

from .raw_requests import BODY, CHUNKED_BODY, ECHOED, HEAD, LAST, MAX_HEAD_BYTES, PING, all_of, statuses

pytestmark = pytest.mark.usefixtures("brief_linger")


def endless(connection: socket.socket, more: bytes) -> None:
    while True:
        connection.sendall(more)


@pytest.mark.parametrize(
    "request_bytes",
    {
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "unknown method": b"FETCH /predict HTTP/1.1\r\nHost: h\r\n\r\n",
        "no path": b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
        "bytes in the path": b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
        "bytes in the query": b"GET /predict?json=\xff HTTP/1.1\r\nHost: h\r\n\r\n",
        "header without colon": PING + b"nothing\r\n\r\n",
        "line feed in a header": PING + b"X-Request-Id: a\nb\r\n\r\n",
        "null in a header": PING + b"X-Request-Id: a\0b\r\n\r\n",
        "length is not a number": HEAD + b"Content-Length: x\r\n\r\n",
        "length is negative": HEAD + b"Content-Length: -1\r\n\r\n",
        "length with a sign": HEAD + b"Content-Length: +15\r\n\r\n" + BODY,
        "length beyond 64 bits": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY,
        "two lengths": HEAD + b"Content-Length: 15\r\nContent-Length: 14\r\n\r\n" + BODY,
        "the same length twice": HEAD + b"Content-Length: 15\r\nContent-Length: 15\r\n\r\n" + BODY,
        "lengths in a list": HEAD + b"Content-Length: 15, 15\r\n\r\n" + BODY,
        "length and chunks": HEAD
        + b"Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n"
        + CHUNKED_BODY,
        "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + CHUNKED_BODY,
        "unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED_BODY,
        "chunks not last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED_BODY,
        "compressed chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED_BODY,
        "chunks of chunks": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKED_BODY,
        "length of 5000 digits": HEAD + b"Content-Length: " + b"0" * 4998 + b"15\r\n\r\n" + BODY,
        "chunks over HTTP/1.0": HEAD.replace(b"HTTP/1.1", b"HTTP/1.0")
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + CHUNKED_BODY,
        "no host": b"GET /health/ping HTTP/1.1\r\n\r\n",
        "a host with a path": b"GET /health/ping HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "a host with a user": b"GET /health/ping HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "two hosts": b"GET /health/ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "carriage return in a header": PING + b"X-Request-Id: a\rb\r\n\r\n",
        "lines that end with a line feed": b"GET /health/ping HTTP/1.1\nHost: h\n\n",
        "HTTP/2 without a preface": b"GET /health/ping HTTP/2.0\r\nHost: h\r\n\r\n",
        "HTTP/0.9": b"GET /health/ping\r\n\r\n",
        "only a host": b"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n",
        "chunks twice": HEAD
        + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
        + CHUNKED_BODY,
        "space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED_BODY,
        "folded header": HEAD + b"Transfer-Encoding:\r\n chunked, x\r\n\r\n" + CHUNKED_BODY,
        "chunk size is not a number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY,
        "chunk longer than said": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n" + CHUNKED_BODY,
        "chunk size beyond 64 bits": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n",
    }.items(),
    ids=lambda case: case[0],
)
def test_what_is_no_request_is_a_400_that_ends_the_connection_and_calls_nothing(
    exchange, user, request_bytes
):
    received = exchange(request_bytes[1])
    assert statuses(received) == [400]
    assert b"connection: close" in received
    assert received.endswith(b'"reason":"MICROSERVICE_BAD_DATA","status":1}}\n')
    assert user.calls == 0


@pytest.mark.parametrize(
    "request_bytes",
    {
        "HTTP/1.0": b"GET /health/ping HTTP/1.0\r\n\r\n",
        "a whole address": b"GET http://other/health/ping HTTP/1.1\r\nHost: h\r\n" + LAST + b"\r\n",
        "an empty host": b"GET /health/ping HTTP/1.1\r\nHost:\r\n" + LAST + b"\r\n",
        "an IPv6 host": b"GET /health/ping HTTP/1.1\r\nHost: [::1]:80\r\n" + LAST + b"\r\n",
        "a host with an underscore": b"GET /health/ping HTTP/1.1\r\nHost: my_model:80\r\n" + LAST + b"\r\n",
        "empty lines before": b"\r\n\r\n" + PING + LAST + b"\r\n",
    }.items(),
    ids=lambda case: case[0],
)
def test_unusual_requests_are_answered(exchange, request_bytes):
    received = exchange(request_bytes[1])
    assert statuses(received) == [200]
    assert received.endswith(b"pong")


def test_a_head_may_come_byte_by_byte(exchange):
    pieces = HEAD + LAST + b"Content-Length: 15\r\n\r\n" + BODY
    assert exchange(*(bytes([byte]) for byte in pieces)).endswith(ECHOED)


@pytest.mark.parametrize(
    "flood",
    {
        "one endless header": (b"X: ", b"a" * 1000),
        "endless headers": (b"", b"X-Many: a\r\n" * 100),
        "an endless name": (b"", b"a" * 1000),
    }.items(),
    ids=lambda case: case[0],
)
def test_a_head_without_end_is_a_431(server, connect, flood):
    begin, more = flood[1]
    with connect() as connection:
        connection.sendall(PING + begin)
        while not select.select([connection], [], [], 0)[0]:
            connection.sendall(more)
        assert statuses(all_of(connection)) == [431]
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            endless(connection, more)  # read over for a while, then cut off
    assert server.request("GET", "/health/ping").body == b"pong"


@pytest.mark.parametrize("begin", [PING + b"X: ", b"GET /predict?json="], ids=["headers", "request line"])
def test_a_head_beyond_the_limit_is_a_431_with_the_protocols_error_body(connect, begin):
    with connect() as connection:
        connection.sendall(begin.ljust(MAX_HEAD_BYTES + 1, b"a"))
        received = all_of(connection)
    assert statuses(received) == [431]
    assert b"connection: close" in received
    assert b"MICROSERVICE_BAD_DATA" in received


def test_a_head_within_the_limit_and_a_body_beyond_it_are_taken(exchange):
    cookie = b"Cookie: " + b"c" * (MAX_HEAD_BYTES - 2000) + b"\r\n"
    text = b"x" * 10 * MAX_HEAD_BYTES
    body = b'{"strData":"%b"}' % text
    received = exchange(HEAD + cookie + LAST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert statuses(received) == [200]
    assert text in received


def test_each_request_of_a_connection_has_its_own_limit(exchange):
    some = b"X: " + b"a" * 20_000 + b"\r\n"
    received = exchange(*([PING + some + b"\r\n"] * 10), PING + some + LAST + b"\r\n")
    assert statuses(received) == [200] * 11


@pytest.mark.parametrize(
    "more", [b"1;" + b"x" * 1000 + b"\r\na\r\n", b"0\r\n" + b"X: " + b"x" * 1000, b"1;" + b"x" * 1000]
)
def test_endless_framing_of_a_body_is_a_400(connect, more):
    with connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while not select.select([connection], [], [], 0)[0]:
            connection.sendall(more)
        assert statuses(all_of(connection)) == [400]


@pytest.mark.parametrize(
    "trailer", [b"X: " + b"x" * 70_000 + b"\r\n", b"X: y\r\n" * 20_000], ids=["one", "many"]
)
def test_endless_trailers_are_a_400_too_when_they_come_at_once(exchange, user, trailer):
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    received = exchange(head + b"f\r\n" + BODY + b"\r\n0\r\n" + trailer + b"\r\n")
    assert statuses(received) == [400]
    assert b"trailers have more than 65536 bytes" in received
    assert user.calls == 0


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /own/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /own HTTP/1.1\r\n\r\n", 400),
        (b"GET //own/%6f?y HTTP/3.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /own/ HTTP/1.1\r\nX: " + b"x" * MAX_HEAD_BYTES, 431),
        (b"GET /own/" + b"x" * MAX_HEAD_BYTES, 431),
        (b"POST /own HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
def test_a_refusal_has_the_form_of_errors_at_its_path(serve_routes, request_bytes, status):
    def own(error, request):
        return HttpResponse(error.status_code, f"own: {error.message}".encode(), "text/plain")

    server = serve_routes(HttpErrors("/own", own))
    for path, form in ((b"own", b"text/plain"), (b"else", b"application/json")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
            connection.sendall(request_bytes.replace(b"own", path))
            received = all_of(connection)
        assert statuses(received) == [status]
        assert b"content-type: " + form in received
        assert (b"\r\n\r\nown: " in received) is (path == b"own")
        assert b"connection: close\r\n" in received


def test_a_head_beyond_the_limit_is_a_431_too_when_it_comes_at_once(exchange, user):
    for begin in (b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\n", PING + b"X: y\r\n" * MAX_HEAD_BYTES):
        received = exchange(begin + b"Host: h\r\n\r\n")
        assert statuses(received) == [431]
