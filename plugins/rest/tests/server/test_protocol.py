"""Requests as bytes on a connection: several at once, in pieces, and with an offer to upgrade."""

from __future__ import annotations

import logging
import socket

import pytest

from seldon_runtime.testing import WAIT_S, wait_until

from .raw_requests import BODY, CHUNKED_BODY, ECHOED, HEAD, LAST, MAX_HEAD_BYTES, PING, all_of, statuses

pytestmark = pytest.mark.usefixtures("brief_linger")


@pytest.mark.parametrize(
    "offer",
    [
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAA\r\n",
        b"upgrade:h2c\r\nconnection: upgrade\r\n",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
    ],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_an_offer_to_upgrade_is_passed_over(exchange, offer, chunked):
    """Java's HttpClient offers HTTP/2 with its first request, and sends that request's body all the same."""
    body = (
        b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_BODY
        if chunked
        else b"Content-Length: 15\r\n\r\n" + BODY
    )
    received = exchange(HEAD + offer + body, PING + LAST + b"\r\n")
    assert statuses(received) == [200, 200]
    assert ECHOED in received
    assert received.endswith(b"pong")


def test_a_body_that_looks_like_an_offer_is_left_alone(exchange):
    body = b'{"strData":"a\\\nUpgrade: h2c"}'.replace(b"\\\n", b"\\n")
    raw = b'{"jsonData":[1,\nUpgrade: h2c]}'  # no JSON, and told as it came
    received = exchange(
        HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        HEAD + LAST + b"Content-Length: %d\r\n\r\n" % len(raw) + raw,
    )
    assert b"a\\nUpgrade: h2c" in received
    assert b"offered" not in received


def test_several_requests_at_once_are_answered_in_their_order(exchange):
    one = HEAD + b"Content-Length: 15\r\n\r\n" + BODY
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED_BODY
    received = exchange(one + PING + b"\r\n" + chunked + PING + LAST + b"\r\n")
    assert statuses(received) == [200] * 4
    assert [part.rpartition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 ")[1:]] == [
        *(ECHOED, b"pong"),
        *(ECHOED, b"pong"),
    ]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00rubbish\r\n\r\n",
        b"GET /" + b"a" * (MAX_HEAD_BYTES + 1),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        PING + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
    ],
    ids=["no request", "an endless head", "a body that is none", "two lengths"],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_follows_a_request_is_refused_after_its_answer(connect, user, rubbish, at_once, caplog):
    caplog.set_level(logging.DEBUG, "seldon_runtime_rest.server.protocol")
    waiting = HEAD + b"Content-Length: 18\r\n\r\n" + b'{"strData":"wait"}'
    with connect() as connection:
        if at_once:
            connection.sendall(waiting + rubbish + PING + b"\r\n")
            assert user.began.wait(WAIT_S)
        else:
            connection.sendall(waiting)
            assert user.began.wait(WAIT_S)
            connection.sendall(rubbish)
        wait_until(lambda: "refusing a request" in caplog.text, "the rubbish to be read")
        user.gate.set()
        received = all_of(connection)
    assert statuses(received) == [200]
    assert b"connection: close" in received
    assert received.endswith(b'{"meta":{},"strData":"wait"}\n')
    assert user.calls == 1


@pytest.mark.parametrize(
    "rest",
    {
        "an invalid size": b"0xf\r\n" + BODY,
        "a sign": b"+f\r\n" + BODY,
        "no size": b"\r\n" + BODY,
        "a long chunk": b"2\r\n" + BODY + b"\r\n0\r\n\r\n",
        "an invalid trailer": b"f\r\n" + BODY + b"\r\n0\r\nno colon\r\n\r\n",
    }.items(),
    ids=lambda case: case[0],
)
@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_client_that_sends_no_more_gets_all_answers_before_a_refused_body(
    connect, user, rest, before, caplog
):
    caplog.set_level(logging.DEBUG, "seldon_runtime_rest.server.protocol")
    waiting = HEAD + b"Content-Length: 18\r\n\r\n" + b'{"strData":"wait"}'
    with connect() as connection:
        connection.sendall(waiting * before + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + rest[1])
        wait_until(lambda: "refusing a request" in caplog.text, "the body to be refused")
        connection.shutdown(socket.SHUT_WR)
        user.gate.set()
        received = all_of(connection)
    assert statuses(received) == ([200] * before or [400])
    assert "Traceback" not in caplog.text
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_of_very_many_requests_at_once_the_first_are_answered(exchange):
    received = exchange((PING + b"\r\n") * 5000)
    assert set(statuses(received)) == {200}
    assert 100 <= len(statuses(received)) < 200
    assert received.count(b"pong") == len(statuses(received))


def test_trailers_are_no_headers(exchange, server, user):
    seen = []
    submit = server.service.submit
    server.service.submit = lambda call, done: (seen.append(dict(call.headers)), submit(call, done))
    trailers = b"X-Request-Id: smuggled\r\nAuthorization: me\r\n"
    body = b"f\r\n" + BODY + b"\r\n0\r\n" + trailers + b"\r\n"
    received = exchange(HEAD + b"Transfer-Encoding: chunked\r\n" + LAST + b"\r\n" + body)
    server.service.submit = submit
    assert received.endswith(ECHOED)
    assert len(seen) == 1
    assert not {"x-request-id", "authorization"} & set(seen[0])


def test_a_body_in_very_many_small_pieces_is_taken(exchange):
    text = b"x" * 50_000
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"strData":"%b"}' % text)
    received = exchange(
        HEAD + LAST + b"Transfer-Encoding: chunked\r\n\r\n", pieces[:70_001], pieces[70_001:] + b"0\r\n\r\n"
    )
    assert statuses(received) == [200]
    assert text in received


@pytest.mark.parametrize("cut", [-4, -3, -2, -1, 0])
def test_where_the_network_parts_head_and_body_does_not_matter(exchange, cut):
    text = b"x" * 2 * MAX_HEAD_BYTES + b"\\r\\n"
    body = b'{"strData":"%b",\r\n\r\n"meta":{}}' % text
    head = HEAD + LAST + b"Content-Length: %d\r\n\r\n" % len(body)
    split = len(head) + cut
    assert statuses(exchange((head + body)[:split], (head + body)[split:])) == [200]
