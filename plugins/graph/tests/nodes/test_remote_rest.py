"""Nodes at other addresses over REST, whose connections break, and whose answers are wrong."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from seldon_runtime.plugin import TENSOR, ErrorCode, Feedback, Limits, Message, Method, Payload, SeldonError
from seldon_runtime.testing import WAIT_S, Background, wait_until
from seldon_runtime_graph.nodes.remote_rest import RestNode

REQUEST = Message(Payload(TENSOR, np.array([[1.0]]), ["x"]))


def read_request(connection):
    """Return a whole request: closing a connection with bytes that nobody read resets it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)^content-length: (\d+)", head, re.M)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head


def answer_with(connection, body, status="200 OK"):
    connection.sendall(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body))


def test_metadata_that_are_no_json_are_as_if_there_were_none(listener, closing, caplog):
    def act(connection, count):
        read_request(connection)
        answer_with(connection, b"{")

    made = RestNode(listener(act)[0], Limits())
    closing(made)
    assert made.metadata() == {}
    assert "has no metadata" in caplog.text


def test_a_prediction_is_repeated_after_a_lost_connection_and_a_feedback_is_not(listener, closing):
    def act(connection, count):
        read_request(connection)
        if count in (1, 3):
            connection.close()
        else:
            answer_with(connection, b'{"strData":"again"}')

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    assert made.answer(Method.PREDICT, REQUEST).payload.value == "again"
    with pytest.raises(SeldonError, match="cannot be reached"):
        made.answer(Method.SEND_FEEDBACK, Feedback(reward=1.0))
    assert len(accepted) == 3


def test_an_answer_that_is_cut_off_is_a_lost_connection(listener, closing):
    def act(connection, count):
        read_request(connection)
        if count < 3:
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"strData":"lost"}')
            connection.close()
        else:
            answer_with(connection, b'{"strData":"again"}')

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    with pytest.raises(SeldonError, match="cannot be reached: the connection was closed in the middle of"):
        made.answer(Method.SEND_FEEDBACK, Feedback(reward=1.0))
    assert made.answer(Method.PREDICT, REQUEST).payload.value == "again"
    assert len(accepted) == 3


def test_connections_that_a_restart_of_the_node_closed_are_not_tried_one_by_one(listener, closing):
    together = threading.Barrier(6)

    def act(connection, count):
        def answer():
            read_request(connection)
            if count <= 5:
                together.wait(WAIT_S)
            answer_with(connection, b'{"strData":"here"}')

        threading.Thread(target=answer, daemon=True).start()

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    calls = [Background(lambda: made.answer(Method.PREDICT, REQUEST)) for _ in range(5)]
    wait_until(lambda: len(accepted) == 5, "all calls to be sent")
    together.wait(WAIT_S)
    assert [call.outcome.payload.value for call in calls] == ["here"] * 5
    for connection in accepted[:5]:
        connection.shutdown(socket.SHUT_RDWR)
    assert made.answer(Method.PREDICT, REQUEST).payload.value == "here"
    assert len(accepted) == 6


def test_bytes_behind_an_answer_are_not_the_next_answer(listener, closing):
    def act(connection, count):
        def answer():
            read_request(connection)
            answer_with(connection, b'{"strData":"mine"}')
            if count == 1:
                assert read.wait(WAIT_S)
                answer_with(connection, b'{"strData":"of nobody"}')
                sent.set()

        threading.Thread(target=answer, daemon=True).start()

    read, sent = threading.Event(), threading.Event()
    made = RestNode(listener(act)[0], Limits())
    closing(made)
    assert made.answer(Method.PREDICT, REQUEST).payload.value == "mine"
    read.set()
    assert sent.wait(WAIT_S)
    assert made.answer(Method.PREDICT, REQUEST).payload.value == "mine"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_node_whose_answer_comes_byte_by_byte_ends_at_the_limit(listener, closing, begin):
    ended = threading.Event()

    def act(connection, count):
        def drip():
            read_request(connection)
            connection.sendall(begin)
            while not ended.wait(0.02):
                with suppress(OSError):
                    connection.sendall(b" ")

        threading.Thread(target=drip, daemon=True).start()

    made = RestNode(listener(act)[0], Limits(timeout_s=0.3))
    closing(made)
    began = time.monotonic()
    try:
        with pytest.raises(SeldonError, match="did not answer within") as raised:
            made.answer(Method.PREDICT, REQUEST)
    finally:
        ended.set()
    assert raised.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < WAIT_S / 2


@pytest.mark.parametrize("rubbish", [b"\0\1\2\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/7 200 OK\r\n\r\n"])
def test_an_answer_that_is_not_http_is_the_nodes_fault(listener, closing, rubbish):
    def act(connection, count):
        read_request(connection)
        connection.sendall(rubbish)
        connection.close()

    address, accepted = listener(act)
    made = RestNode(address, Limits())
    closing(made)
    with pytest.raises(SeldonError, match=r"the node at .* sent a wrong answer: it is not HTTP") as raised:
        made.answer(Method.PREDICT, REQUEST)
    assert raised.value.code is ErrorCode.COMPONENT_FAILED
    assert len(accepted) == 1


@pytest.mark.parametrize(
    ("body", "status", "wanted"),
    [
        (b'{"status":{"info":null,"reason":{}}}', "500 Oops", "answered with status 500"),
        (b"<html>", "200 OK", "sent a wrong answer: it is not JSON"),
        (b"7", "200 OK", "sent a wrong answer: it is a number"),
        (b'{"data":{"ndarray":[[1],[2,3]]}}', "200 OK", "sent a wrong answer: .* ragged"),
        (b"x" * 4096, "200 OK", "sent a wrong answer: it has 1001 bytes or more, at most 1000"),
        (b"oops", "502 Bad Gateway", "answered with status 502"),
        (b'{"status":7}', "301 Moved", "answered with status 301"),
    ],
)
def test_an_answer_that_is_none_is_the_nodes_fault(listener, closing, body, status, wanted):
    def act(connection, count):
        read_request(connection)
        answer_with(connection, body, status)

    made = RestNode(listener(act)[0], Limits(max_body_bytes=1000))
    closing(made)
    with pytest.raises(SeldonError, match=f"the node at .* {wanted}") as raised:
        made.answer(Method.PREDICT, REQUEST)
    assert raised.value.code is ErrorCode.COMPONENT_FAILED
