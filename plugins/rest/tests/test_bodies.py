"""Bodies of requests: in pieces, too large, compressed, and never whole."""

from __future__ import annotations

import gzip
import time

import pytest

from seldon_runtime.testing import WAIT_S

from .components import Identity

ECHO = b'{"strData":"x"}'
BODY_TYPE = {"Content-Type": "application/json"}
LIMIT = 1000


@pytest.fixture(scope="module")
def echo(make_app):
    return make_app(Identity())


@pytest.fixture(scope="module")
def server(serve_module):
    """One that takes bodies of LIMIT bytes."""
    return serve_module(Identity(), max_body_bytes=LIMIT)


def test_a_body_in_pieces_is_one_body(echo):
    answer = echo.request("POST", "/predict", [ECHO[:3], ECHO[3:7], ECHO[7:]], BODY_TYPE)
    assert answer.json["strData"] == "x"


@pytest.mark.parametrize("in_pieces", [False, True], ids=["announced", "not announced"])
class TestLimitOfBodies:
    def test_a_body_of_the_limits_size_is_taken(self, server, sending, in_pieces):
        headers, write = sending
        text = b"x" * (LIMIT - len(write(b"")))
        body = write(text)
        answer = server.request("POST", "/predict", [body[:99], body[99:]] if in_pieces else body, headers)
        assert (answer.status, answer.json) == (200, {"meta": {}, "strData": text.decode()})

    @pytest.mark.parametrize("surplus", [1, 1_000_000])
    def test_a_larger_one_is_a_413(self, server, sending, in_pieces, surplus):
        headers, write = sending
        body = write(b"x" * (LIMIT + surplus - len(write(b""))))
        connection = server.connect()
        pieces = [body[:99], body[99:]] if in_pieces else body
        answer = server.request("POST", "/predict", pieces, headers, over=connection)
        assert answer.status == 413
        assert answer.reason == "MICROSERVICE_TOO_LARGE"
        # What the client still sent has been read over, so the connection serves on.
        assert server.request("GET", "/health/ping", over=connection).body == b"pong"
        connection.close()


def test_a_too_large_body_that_is_announced_is_refused_before_it_is_sent(server):
    connection = server.connect()
    connection.putrequest("POST", "/predict")
    for name, value in {**BODY_TYPE, "Content-Length": "1001", "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert server.answer(connection).status == 413  # and no "100 Continue" before it
    connection.close()


@pytest.mark.parametrize("in_pieces", [False, True], ids=["announced", "not announced"])
def test_a_client_that_leaves_while_it_sends_makes_no_call(serve, sending, in_pieces):
    class Keeping(Identity):
        def __init__(self):
            self.seen = []

        def predict(self, X, names):
            self.seen.append(X)
            return X

    user = Keeping()
    server = serve(user)
    headers, write = sending
    # All of the text is there, so that what came could be taken for the whole.
    length = {"Transfer-Encoding": "chunked"} if in_pieces else {"Content-Length": "10000"}
    leaving = server.connect()
    leaving.putrequest("POST", "/predict")
    for name, value in {**headers, **length}.items():
        leaving.putheader(name, value)
    leaving.endheaders()
    body = write(b"x")
    leaving.send(b"%x\r\n%b\r\n" % (len(body), body) if in_pieces else body)
    leaving.close()
    connections = server.transport._server.connections.open
    deadline = time.monotonic() + WAIT_S
    while connections and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not connections
    assert server.post("/predict", {"strData": "next"}).status == 200
    assert user.seen == ["next"]


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_gzip_body_is_unpacked(server, sending, coding):
    headers, write = sending
    body = gzip.compress(write(b"x" * 500))
    answer = server.request("POST", "/predict", body, {**headers, "Content-Encoding": coding})
    assert answer.json["strData"] == "x" * 500


def test_a_gzip_body_of_too_much_is_too_large(server, sending):
    headers, write = sending
    body = gzip.compress(write(b"x" * server.service.limits.max_body_bytes))
    answer = server.request("POST", "/predict", body, {**headers, "Content-Encoding": "gzip"})
    assert (answer.status, answer.reason) == (413, "MICROSERVICE_TOO_LARGE")


def test_a_gzip_body_that_is_none_is_the_clients_fault(server, sending):
    headers, write = sending
    answer = server.request("POST", "/predict", write(b"x"), {**headers, "Content-Encoding": "gzip"})
    assert (answer.status, answer.reason) == (400, "MICROSERVICE_BAD_DATA")
    assert "is not valid gzip data" in answer.info


@pytest.mark.parametrize("coding", ["zstd", "br", "identity, gzip", "gzip, gzip"])
def test_a_body_in_another_coding_is_refused_unopened(server, sending, coding):
    headers, write = sending
    body = gzip.compress(write(b"x"))
    answer = server.request("POST", "/predict", body, {**headers, "Content-Encoding": coding})
    assert (answer.status, answer.reason) == (415, "MICROSERVICE_BAD_DATA")
    assert answer.info == f"Content-Encoding is {coding}, expected gzip, deflate or none"
    assert answer.headers["accept-encoding"] == "gzip, deflate, identity"


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_a_body_that_says_it_is_not_compressed_is_taken(server, sending, coding):
    headers, write = sending
    answer = server.request("POST", "/predict", write(b"x"), {**headers, "Content-Encoding": coding})
    assert answer.json["strData"] == "x"


def test_codings_in_several_headers_count_together(server):
    connection = server.connect()
    connection.putrequest("POST", "/predict")
    for name, value in [
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity"),
        ("Content-Length", "2"),
    ]:
        connection.putheader(name, value)
    connection.endheaders(b"{}")
    answer = server.answer(connection)
    assert (answer.status, answer.info) == (
        415,
        "Content-Encoding is gzip, identity, expected gzip, deflate or none",
    )
    connection.close()
