"""Clients that do not read their answers: the server does not keep them for ever."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc import transport
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.server import response_timeout

DATA, HEADERS, RST_STREAM, SETTINGS = 0, 1, 3, 4
SIZE = 1_000_000


class Large:
    def predict(self, X, features_names):
        return "x" * SIZE


@pytest.fixture
def impatient(serve, monkeypatch):
    monkeypatch.setattr(transport, "_RESPONSE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(response_timeout, "_BYTES_PER_S", 10 * SIZE)
    return serve(Large())


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name: bytes, value: bytes) -> bytes:
    """A header as HPACK writes it without compression (RFC 7541, section 6.2.2)."""
    return b"\x00%c%b%c%b" % (len(name), name, len(value), value)


def request_without_a_window() -> bytes:
    """All bytes of a call whose client can take no byte of the answer."""
    no_window = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    headers = {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": b"/seldon.protos.Model/Predict",
        b":authority": b"h",
        b"content-type": b"application/grpc",
        b"te": b"trailers",
    }
    head = b"".join(literal(name, value) for name, value in headers.items())
    message = SeldonMessage(strData="s").SerializeToString()
    body = struct.pack(">BI", 0, len(message)) + message
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    return preface + no_window + frame(HEADERS, 4, 1, head) + frame(DATA, 1, 1, body)


def test_a_call_whose_answer_is_not_taken_is_cancelled(impatient):
    host, port = impatient.target.split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as connection:
        connection.sendall(request_without_a_window())
        stream = connection.makefile("rb")
        kinds = []
        while RST_STREAM not in kinds:
            head = stream.read(9)
            kinds.append(head[3])
            stream.read(int.from_bytes(head[:3], "big"))
    assert DATA not in kinds
    assert impatient.ask().strData == "x" * SIZE


def test_answers_that_are_taken_are_left_alone(impatient):
    for _ in range(20):
        assert impatient.ask().strData == "x" * SIZE
    timers = impatient.service.timers.pending
    end = time.monotonic() + WAIT_S
    while timers:  # a call that is over is not kept
        assert time.monotonic() < end
        time.sleep(0.005)
