"""Streams over HTTP: the choice of a form, their text, and what a connection does with them."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime.testing.components import Yields
from seldon_runtime_rest.streaming.forms import Events, Lines, form_of

JSON_HEAD = "Content-Type: application/json"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (b"text/event-stream", Events),
        (b"application/x-ndjson", Lines),
        (b"application/json;q=0.5, Text/Event-Stream", Events),
        (b"application/x-ndjson;q=0.9, text/event-stream;q=0.8", Lines),
        (b"application/json, text/event-stream;q=0.5", None),
        (b"text/event-stream;q=0", None),
        (b"text/event-stream;q=many", None),
        (b"*/*", None),
        (b"application/json", None),
    ],
)
def test_a_client_names_the_form(accept, form):
    found = form_of(accept)
    assert found is None if form is None else isinstance(found, form)


def test_a_text_of_several_lines_stays_one_event():
    assert Events().item(3, b'{\n"a": 1}\n') == b'id: 3\ndata: {\ndata: "a": 1}\n\n'


class Answer:
    """The connection of a client, and the head and body that it has read."""

    def __init__(self, served, text, accept="text/event-stream", path="/predict", version="1.1", verb="POST"):
        _, _, port = served.address.removeprefix("http://").rpartition(":")
        self.socket = socket.create_connection(("127.0.0.1", int(port)), timeout=WAIT_S)
        body = json.dumps({"strData": text})
        head = f"{verb} {path} HTTP/{version}\r\nHost: x\r\n{JSON_HEAD}\r\nAccept: {accept}\r\n"
        self.socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        self.file = self.socket.makefile("rb")

    def head(self):
        return b"".join(iter(self.file.readline, b"\r\n")).decode().lower()

    def chunks(self):
        while size := int(self.file.readline(), 16):
            yield self.file.read(size).decode()
            assert self.file.readline() == b"\r\n"
        assert self.file.readline() == b"\r\n"

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def answer(serve_by):
    opened = []

    def answer(user, text, *words, **options):
        served = serve_by("rest", user, *words)
        opened.append(Answer(served, text, **options))
        opened[-1].served = served
        return opened[-1]

    yield answer
    for each in opened:
        each.close()


def test_each_item_is_an_event_and_the_last_one_says_end(answer):
    client = answer(Yields(), "ab")
    head = client.head()
    assert head.startswith("http/1.1 200")
    assert "content-type: text/event-stream" in head
    assert "content-length" not in head
    events = list(client.chunks())
    assert events == [
        'id: 1\ndata: {"meta":{"requestPath":{"unit":"image:1"}},"strData":"a"}\n\n',
        'id: 2\ndata: {"meta":{"requestPath":{"unit":"image:1"}},"strData":"b"}\n\n',
        "event: end\ndata: {}\n\n",
    ]
    assert client.served.service.ready
    client.socket.sendall(b"GET /health/ping HTTP/1.1\r\nHost: x\r\n\r\n")  # the connection lives on
    assert client.head().startswith("http/1.1 200")


def test_an_error_is_an_event_with_the_error_body(answer):
    client = answer(Yields(), "a!")
    client.head()
    first, error = client.chunks()
    assert first.startswith("id: 1\n")
    assert error.startswith("event: error\ndata: ")
    body = json.loads(error.partition("data: ")[2])
    assert body["status"]["reason"] == "MICROSERVICE_INTERNAL_ERROR"
    assert "no more" in body["status"]["info"]


def test_an_error_before_the_stream_is_a_response_as_always(answer):
    client = answer(Yields(), "x" * 100, "--max-body-bytes", "50")
    assert client.head().startswith("http/1.1 413")


def test_lines_are_json_texts(answer):
    client = answer(Yields(), "ab", accept="application/x-ndjson")
    assert "application/x-ndjson" in client.head()
    assert [json.loads(line)["strData"] for line in "".join(client.chunks()).splitlines()] == ["a", "b"]


def test_a_method_that_returns_answers_with_one_event(answer):
    client = answer(Yields(), "once", path="/transform-input")
    assert "text/event-stream" in client.head()
    assert client.file.read(10) == b"id: 1\ndata"


def test_a_client_of_http_1_0_gets_the_items_until_the_connection_ends(answer):
    client = answer(Yields(), "ab", version="1.0", accept="application/x-ndjson")
    assert "chunked" not in client.head()
    assert len(client.file.read().splitlines()) == 2


def test_an_item_leaves_before_the_next_one_is_made(answer):
    user = Yields()
    client = answer(user, "a_b")
    client.head()
    chunks = client.chunks()
    assert "a" in next(chunks)
    assert user.made == 1
    user.gate.set()
    assert len(list(chunks)) == 3


def test_a_client_that_disconnects_closes_the_generator(answer):
    user = Yields()
    client = answer(user, "*")
    client.head()
    client.close()
    wait_until(lambda: user.closed == 1, "the generator to be closed")


def test_a_client_that_reads_nothing_costs_no_memory_and_holds_no_other_call(answer):
    user = Yields()
    client = answer(user, "*")
    client.head()
    made = -1
    while made != user.made:  # until nothing more is made
        made = user.made
        other = Answer(client.served, "abc", accept="application/json", path="/transform-input")
        assert other.head().startswith("http/1.1 200")
        other.close()
    assert user.made < 1000
    client.close()
    wait_until(lambda: user.closed >= 1, "the generator to be closed")


def test_a_stream_that_does_not_end_in_time_ends_with_an_error_when_the_server_stops(answer):
    user = Yields()
    client = answer(user, "a_")
    client.head()
    chunks = client.chunks()
    next(chunks)
    client.served.drain()
    stopping = threading.Thread(target=client.served.stop_transports, args=(0.2,))
    stopping.start()
    assert "the server is stopping" in "".join(chunks)
    user.gate.set()
    stopping.join(WAIT_S)
    wait_until(lambda: user.closed == 1, "the generator to be closed")


def test_a_drain_finishes_streams_within_the_grace_period(answer):
    user = Yields()
    client = answer(user, "a_b")
    client.head()
    chunks = client.chunks()
    next(chunks)
    client.served.drain()
    stopping = threading.Thread(target=client.served.stop_transports, args=(WAIT_S,))
    stopping.start()
    user.gate.set()
    assert "event: end" in list(chunks)[-1]
    stopping.join(WAIT_S)
    assert not stopping.is_alive()


def test_a_page_of_another_origin_receives_the_items(answer):
    client = answer(Yields(), "ab", "--cors-origins", "*")
    assert "access-control-allow-origin: *" in client.head()
    assert len(list(client.chunks())) == 3
