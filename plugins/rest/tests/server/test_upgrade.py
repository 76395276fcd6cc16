"""Offers of an upgrade are passed over, however the network cuts the request; no byte is altered."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S

from .raw_requests import all_of

TEXT = b'{"strData":"a\\r\\nUpgrade: h2c"}'
RAW = b'{"jsonData":[1,\r\nUpgrade: h2c]}'
JAVA = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
OFFERS = {
    "Java's HttpClient": JAVA,
    "lower case": b"upgrade:h2c\r\nconnection: upgrade\r\n",
    "WebSocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
    "and close": b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n",
}
PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


class Echo:
    def predict_raw(self, message: Any) -> Any:
        return message


@pytest.fixture(scope="module")
def server(serve_module: Any) -> Any:
    return serve_module(Echo(), "--payload-passthrough")


def request_of(offer: bytes, body: bytes, *, chunked: bool, verb: bytes = b"POST") -> bytes:
    head = b"%b /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%b" % (verb, offer)
    if not chunked:
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    half = len(body) // 2
    pieces = b"".join(b"%x;x=y\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\nX-Trailer: y\r\n\r\n"


def exchange(server: Any, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        return all_of(connection)


def bodies(received: bytes) -> list[bytes]:
    answers = received.split(b"HTTP/1.1 ")[1:]
    assert all(answer.startswith(b"200 OK") for answer in answers), received
    return [answer.partition(b"\r\n\r\n")[2] for answer in answers]


@pytest.mark.parametrize("offer", OFFERS.values(), ids=list(OFFERS))
@pytest.mark.parametrize("body", [TEXT, RAW, b"x" * 300_000], ids=["text", "raw", "long"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_the_request_is_answered_with_its_whole_body(
    server: Any, offer: bytes, body: bytes, chunked: bool
) -> None:
    closes = b"close" in offer
    sent = request_of(offer, body, chunked=chunked) + (b"" if closes else PING)
    assert bodies(exchange(server, sent)) == ([body] if closes else [body, b"pong"])


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_it_may_be_cut_at_every_byte(server: Any, chunked: bool) -> None:
    sent = request_of(JAVA, RAW, chunked=chunked)
    for cut in range(1, len(sent)):
        assert bodies(exchange(server, sent[:cut], sent[cut:] + PING)) == [RAW, b"pong"], cut


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_it_may_come_byte_by_byte(server: Any, chunked: bool) -> None:
    sent = request_of(JAVA, TEXT, chunked=chunked) + PING
    assert bodies(exchange(server, *(bytes([byte]) for byte in sent))) == [TEXT, b"pong"]


def test_each_of_several_requests_may_offer(server: Any) -> None:
    sent = b"".join(request_of(JAVA, b"body %d" % n, chunked=n % 2 == 0) for n in range(20)) + PING
    assert bodies(exchange(server, sent)) == [*(b"body %d" % n for n in range(20)), b"pong"]


def test_an_offer_without_a_body_is_answered(server: Any) -> None:
    offer = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n" + JAVA + b"\r\n"
    assert bodies(exchange(server, offer + offer, PING)) == [b"pong"] * 3


def test_a_body_that_looks_like_an_offer_is_left_alone(server: Any) -> None:
    for body in (TEXT, RAW):
        assert bodies(exchange(server, request_of(b"", body, chunked=True) + PING)) == [body, b"pong"]


def test_an_offer_hides_nothing_from_the_limits(serve: Any) -> None:
    server = serve(Echo(), max_body_bytes=10)
    for chunked in (False, True):
        received = exchange(server, request_of(JAVA, b"x" * 11, chunked=chunked) + PING)
        assert [answer[:3] for answer in received.split(b"HTTP/1.1 ")[1:]] == [b"413", b"200"]
    two = JAVA + b"Content-Length: 1\r\n"
    assert exchange(server, request_of(two, b"xx", chunked=False)).startswith(b"HTTP/1.1 400 ")
