"""Clients that close their sending side after the request, and those that have disconnected."""

from __future__ import annotations

import http.client
import io
import re
import socket
import threading

import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.components import AwaitingItems

from ..components import Identity
from .raw_requests import BODY, HEAD, all_of

PLAIN = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
LARGE = HEAD + b'Content-Length: 3000014\r\n\r\n{"strData":"%b"}' % (b"x" * 3_000_000)
FIELDS = b"json=%7B%22strData%22%3A%22x%22%7D"
FORM = (
    b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(FIELDS), FIELDS)
)
PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n\r\n"
FLASK = b"GET /docs/ HTTP/1.1\r\nHost: h\r\n\r\n"
UNKNOWN = b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"
ITEMS = b'{"strData":"%b"}'
EVENTS = HEAD + b"Accept: %b\r\nContent-Length: %d\r\n\r\n%b"
TOO_LARGE = HEAD + b"Content-Length: 999999999\r\n\r\nx"


def sent(server, request):
    client = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
    client.sendall(request)
    client.shutdown(socket.SHUT_WR)
    return client


def everything(client):
    with client:
        return all_of(client)


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (PLAIN, [200]),
        (CHUNKED, [200]),
        (LARGE, [200]),
        (FORM, [200]),
        (PING, [200]),
        (FLASK, [200]),
        (UNKNOWN, [404]),
        (TOO_LARGE, [413]),
        (b"no HTTP\r\n\r\n", [400]),
        (PLAIN + PING + PLAIN, [200, 200, 200]),
        (PLAIN + b"no HTTP\r\n\r\n", [200]),
        (PLAIN + CHUNKED[:-5], [200]),
        (CHUNKED[:-5], []),
        (b"", []),
    ],
)
def test_each_complete_request_is_answered(serve, request_bytes, statuses):
    answers = everything(sent(serve(Identity()), request_bytes))
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers)] == statuses


@pytest.mark.parametrize("request_bytes", [PLAIN, CHUNKED, FORM])
def test_a_running_call_is_answered_without_interim_responses(serve, gated, request_bytes):
    server = serve(gated)
    client = sent(server, request_bytes)
    assert gated.began.wait(WAIT_S)
    client.settimeout(0.4)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(WAIT_S)
    gated.gate.set()
    assert everything(client).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("version", "interim"), [(b"1.1", True), (b"1.0", False)])
def test_a_waiting_call_is_answered_too(serve, gated, version, interim):
    server = serve(gated)
    first = sent(server, PLAIN)
    assert gated.began.wait(WAIT_S)
    waiting = sent(server, PLAIN.replace(b"1.1", version))
    if interim:
        assert waiting.recv(1000) == b"HTTP/1.1 102 Processing\r\n\r\n"
    else:
        wait_until(lambda: server.service.executor.waiting == 1, "the call waits")
    gated.gate.set()
    assert b"HTTP/1.1 200 " in everything(first)
    assert everything(waiting).startswith(b"HTTP/1.1 200 ")


def streaming(server, text, accept=b"text/event-stream"):
    body = ITEMS % text
    return sent(server, EVENTS % (accept, len(body), body))


@pytest.fixture
def items():
    user = AwaitingItems()
    yield user
    user.open()


@pytest.mark.parametrize("accept", [b"text/event-stream", b"application/x-ndjson"])
@pytest.mark.parametrize("text", [b"_", b"ab_"])
def test_a_stream_that_awaits_is_cancelled_when_its_client_leaves(serve, items, accept, text):
    server = serve(items)
    client = streaming(server, text, accept)
    wait_until(lambda: items.seen, "the stream to begin")
    client.close()
    wait_until(lambda: items.cancelled, "the stream to be cancelled")


def test_a_client_that_only_stops_sending_receives_the_whole_stream(serve, items):
    server = serve(items)
    client = streaming(server, b"a_b_c")
    received = b""
    while not received.endswith(b"\r\n0"):  # the probe, the first digit of the next chunk's size
        received += client.recv(1000)
    items.open()
    answer = http.client.HTTPResponse(Replayed(received + everything(client)))
    answer.begin()
    events = answer.read().decode().split("\n\n")
    assert [event.partition('"strData":')[2] for event in events[:-2]] == [f'"{c}"}}' for c in "a_b_c"]
    assert events[-2:] == ["event: end\ndata: {}", ""]


class Replayed:
    """A socket that has received some bytes."""

    def __init__(self, received):
        self._received = received

    def makefile(self, mode):
        return io.BytesIO(self._received)


def test_a_generator_whose_items_are_joined_ends_at_the_next_item_when_its_client_leaves(serve):
    class Endless:
        closed = False

        def predict(self, X, names):
            try:
                while True:
                    began.set()
                    yield ""
            finally:
                self.closed = True

    began, user = threading.Event(), Endless()
    client = sent(serve(user), PLAIN)
    assert began.wait(WAIT_S)
    client.close()
    wait_until(lambda: user.closed, "the generator to be closed")
