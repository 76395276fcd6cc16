"""Responses on a connection: alike however a message is sent, in order, and once."""

from __future__ import annotations

import gc
import re
import socket

import pytest

from seldon_runtime.plugin import Call
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_rest.extension import HttpResponse, HttpRoute

from ..components import Identity
from .raw_requests import all_of

JSON_TYPE = {"Content-Type": "application/json"}
ECHO = b'{"strData":"x"}'
PLAIN, OTHER = "/predict", "/predict?x=%20"
"""Such a query has to be read in a thread."""


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module(Identity(), max_body_bytes=10_000)


def ask(server, target: str, body: bytes = ECHO, *headers: bytes) -> bytes:
    """All that comes back until the server closes the connection, but for the date."""
    length = () if any(b"chunked" in header for header in headers) else (b"Content-Length: %d" % len(body),)
    head = (b"POST %b HTTP/1.1" % target.encode(), b"Host: h", b"Connection: close", *length, *headers)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as connection:
        connection.sendall(b"\r\n".join((*head, b"", body)))
        received = all_of(connection)
    return re.sub(rb"date: [^\r]+\r\n", b"date: then\r\n", received)


JSON = b"Content-Type: application/json"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ECHO, []),
        (b'{"data":{"ndarray":[[1,2]]}}', [b"X-Request-Id: mine"]),
        (b"{", [b"X-Request-Id: mine"]),
        (b"", [b"X-Request-Id: mine"]),
        (b'{"strData":"%b"}' % (b"x" * 9_000), []),
        (b'{"strData":"%b"}' % (b"x" * 10_000), [b"X-Request-Id: mine"]),
        (ECHO, [b"Prefer: wait=60"]),
    ],
    ids=["text", "array", "no JSON", "empty", "long", "too long", "deadline"],
)
def test_clients_cannot_tell_where_a_request_was_read(server, body, headers):
    assert ask(server, PLAIN, body, JSON, *headers) == ask(server, OTHER, body, JSON, *headers)


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(201, b"[]", "application/json; x=y", (("X-Own", "é"), ("Retry-After", "1"))),
        HttpResponse(204, b""),
        HttpResponse(304, b"ignored"),
        HttpResponse(599, b"x" * 100_000, "text/plain"),
    ],
    ids=["headers", "204", "304", "unknown status"],
)
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_any_response_of_a_route_leaves_the_connection_in_order(serve_routes, response, verb):
    server = serve_routes(HttpRoute(("GET",), "/own", lambda request: response))
    connection = server.connect()
    for _ in range(2):
        answer = server.request(verb, "/own", over=connection)
        assert answer.status == response.status
        assert answer.body == (b"" if verb == "HEAD" or response.status in (204, 304) else response.body)
        assert all(answer.headers[name.lower()] == value for name, value in response.headers)
    connection.close()


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(200, b"", headers=(("X-Own", "a\r\nX-Other: b"),)),
        HttpResponse(200, b"", headers=(("X-Own", "a\ud800"),)),
        HttpResponse(200, b"", headers=(("X-Own: a", "b"),)),
        HttpResponse(200, b"", headers=(("X-Öwn", "a"),)),
        HttpResponse(200, b"", headers=(("Content-Length", "7"),)),
        HttpResponse(200, b"", headers=((b"X-Own", "a"),)),
        HttpResponse(200, b"", headers=(("X-Own", 1),)),
        HttpResponse(200, b"", "a\nb"),
        HttpResponse(42, b""),
        HttpResponse("200", b""),
        "no response at all",
    ],
    ids=[
        *("header", "beyond Latin-1", "two headers", "name", "of the server", "bytes", "number"),
        *("content type", "status", "text", "nonsense"),
    ],
)
def test_a_response_that_is_not_http_is_a_fault_that_is_logged(serve_routes, caplog, response):
    server = serve_routes(HttpRoute(("GET",), "/own", lambda request: response))
    answer = server.request("GET", "/own")
    assert (answer.status, answer.info) == (500, "the REST transport failed; its log says why")
    assert [record.getMessage() for record in caplog.records] == ["GET /own failed in the REST transport"]


def test_a_connection_is_used_again_and_again(server):
    connection = server.connect()
    for number in range(5):
        body = b'{"strData":"%d"}' % number
        assert server.request("POST", PLAIN, body, JSON_TYPE, over=connection).json["strData"] == str(number)
        assert server.request("GET", "/health/ping", over=connection).body == b"pong"
    connection.close()


def test_a_body_in_pieces_is_put_together(server):
    connection = server.connect()
    connection.putrequest("POST", PLAIN)
    for name, value in {**JSON_TYPE, "Content-Length": str(len(ECHO))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for byte in ECHO:
        connection.send(bytes([byte]))
        assert server.request("GET", "/health/ping").status == 200
    assert server.answer(connection).json["strData"] == "x"
    connection.close()


def test_a_client_that_leaves_before_its_call_begins_cancels_it(serve, gated):
    server = serve(gated)
    first, second = server.connect(), server.connect()
    first.request("POST", PLAIN, b'{"strData":"first"}', JSON_TYPE)
    assert gated.began.wait(WAIT_S)
    second.request("POST", PLAIN, b'{"strData":"second"}', JSON_TYPE)
    wait_until(lambda: server.service.executor.waiting == 1, "a call to wait")
    second.close()
    wait_until(lambda: len(server.transport._server.connections.open) == 1, "a connection to close")
    gated.gate.set()
    assert server.answer(first).json["strData"] == "first"
    first.close()
    assert server.post(PLAIN, {"strData": "next"}).json["strData"] == "next"
    assert gated.seen == ["first", "next"]


def test_a_client_that_leaves_with_requests_behind_its_call_disturbs_nobody(serve, gated, caplog):
    server = serve(gated)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as leaving:
        head = b"POST /predict HTTP/1.1\r\nHost: h\r\n%b\r\nContent-Length: %d\r\n\r\n%b"
        leaving.sendall(head % (JSON, len(ECHO), ECHO) + b"GET /health/ping HTTP/1.1\r\nHost: h\r\n\r\n")
        assert gated.began.wait(WAIT_S)
        staying = server.connect()
        staying.request("POST", PLAIN, b'{"strData":"next"}', JSON_TYPE)
        wait_until(lambda: server.service.executor.waiting == 1, "a call to wait")
    gated.gate.set()
    assert server.answer(staying).json["strData"] == "next"
    staying.close()
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_an_idle_connection_keeps_nothing_of_its_last_call(serve):
    server = serve(Identity())
    connection = server.connect()
    body = b'{"strData":"of nobody else"}'
    assert server.request("POST", PLAIN, body, JSON_TYPE, over=connection).status == 200
    wait_until(
        lambda: not any(isinstance(kept, Call) and kept.wire == body for kept in gc.get_objects()),
        "nobody to keep the call",
    )
    connection.close()


def test_a_client_is_told_at_its_deadline_and_once(serve, gated):
    server = serve(gated)
    connection = server.connect()
    headers = {**JSON_TYPE, "X-Envoy-Expected-Rq-Timeout-Ms": "50", "X-Request-Id": "mine"}
    answer = server.request("POST", PLAIN, ECHO, headers, over=connection)
    assert (answer.status, answer.reason) == (504, "MICROSERVICE_DEADLINE_EXCEEDED")
    assert answer.headers["x-request-id"] == "mine"
    gated.gate.set()
    answer = server.request("POST", PLAIN, b'{"strData":"next"}', JSON_TYPE, over=connection)
    assert answer.json["strData"] == "next"
    connection.close()


def test_a_full_queue_is_a_503_at_once(serve, gated):
    server = serve(gated, queue_size=1)
    connections = [server.connect() for _ in range(2)]
    connections[0].request("POST", PLAIN, ECHO, JSON_TYPE)
    assert gated.began.wait(WAIT_S)
    connections[1].request("POST", PLAIN, ECHO, JSON_TYPE)
    wait_until(lambda: server.service.executor.waiting == 1, "a call to wait")
    refused = server.post(PLAIN, {"strData": "x"})
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    gated.gate.set()
    for connection in connections:
        assert server.answer(connection).status == 200
        connection.close()


def test_a_call_that_was_running_when_draining_began_closes_its_connection(serve, gated):
    server = serve(gated)
    connection = server.connect()
    connection.request("POST", PLAIN, ECHO, JSON_TYPE)
    assert gated.began.wait(WAIT_S)
    server.service.draining = True
    gated.gate.set()
    assert server.answer(connection).headers["connection"] == "close"
    connection.close()


def test_browsers_that_may_call_get_their_headers(serve):
    server = serve(Identity(), "--cors-origins", "*")
    answer = server.post(PLAIN, {"strData": "x"}, {"Origin": "http://a.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
