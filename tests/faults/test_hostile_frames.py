"""HTTP/2 frames that are wrong, or too many, against gRPC: their connection may end, and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """RFC 9113, section 4.1."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


def field(name: bytes, value: bytes) -> bytes:
    """A header that is in no table, in the format of RFC 7541, section 6.2.2."""
    return b"\0" + b"".join(length(len(text)) + text for text in (name, value))


def length(number: int) -> bytes:
    """An integer with a prefix of 7 bits (RFC 7541, section 5.1)."""
    if number < 127:
        return bytes([number])
    number -= 127
    rest = b""
    while number >= 128:
        rest += bytes([number % 128 + 128])
        number //= 128
    return b"\x7f" + rest + bytes([number])


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HELLO = PREFACE + frame(SETTINGS)
CALL = b"".join(
    field(name, value)
    for name, value in {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": b"/seldon.protos.Model/Predict",
        b":authority": b"h",
        b"content-type": b"application/grpc",
        b"te": b"trailers",
    }.items()
)
BEGUN = HELLO + frame(HEADERS, CALL, flags=END_HEADERS, stream=1)
HALF = HELLO + frame(HEADERS, CALL, stream=1)

WRONG = {
    "no preface": bytes(100),
    "half a preface": PREFACE[:10] + b"x" * 20,
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "a frame before the settings": PREFACE + frame(PING, bytes(8)),
    "a frame that is too large": HELLO + b"\xff\xff\xff\0\0\0\0\0\x01" + bytes(100),
    "an unknown type of frame": HELLO + frame(200, b"what", stream=1),
    "settings of a wrong length": HELLO + frame(SETTINGS, bytes(5)),
    "settings of a stream": HELLO + frame(SETTINGS, stream=1),
    "settings out of range": HELLO + frame(SETTINGS, struct.pack(">HI", 4, 2**32 - 1)),
    "frames of no size": HELLO + frame(SETTINGS, struct.pack(">HI", 5, 0)),
    "an acknowledgement with settings": HELLO + frame(SETTINGS, bytes(6), flags=ACK),
    "a ping of a wrong length": HELLO + frame(PING, bytes(7)),
    "data of no stream": HELLO + frame(DATA, b"x"),
    "data of a stream that is not there": HELLO + frame(DATA, b"x" * 100, stream=7),
    "headers of no stream": HELLO + frame(HEADERS, CALL, flags=END_HEADERS),
    "headers of a stream of the server": HELLO + frame(HEADERS, CALL, flags=END_HEADERS, stream=2),
    "a stream again": BEGUN + frame(HEADERS, CALL, flags=END_HEADERS, stream=1),
    "a smaller stream": HELLO + b"".join(frame(HEADERS, CALL, flags=END_HEADERS, stream=n) for n in (5, 3)),
    "more padding than there is": BEGUN + frame(DATA, b"\xff1", flags=PADDED, stream=1),
    "padding without its length": BEGUN + frame(DATA, flags=PADDED, stream=1),
    "a push": BEGUN + frame(PUSH, struct.pack(">I", 2) + CALL, flags=END_HEADERS, stream=1),
    "a window of nothing": HELLO + frame(WINDOW, bytes(4)),
    "a window beyond 31 bits": HELLO + frame(WINDOW, b"\x7f\xff\xff\xff") * 2,
    "a window of a wrong length": HELLO + frame(WINDOW, bytes(3)),
    "a reset of a wrong length": BEGUN + frame(RESET, bytes(3), stream=1),
    "a reset of a stream that is not there": HELLO + frame(RESET, bytes(4), stream=9),
    "a stream that depends on itself": HELLO + frame(PRIORITY, struct.pack(">IB", 1, 1), stream=1),
    "a farewell": HELLO + frame(GOAWAY, bytes(8)),
    "a continuation of nothing": HELLO + frame(CONTINUATION, CALL, flags=END_HEADERS, stream=1),
    "another frame before the continuation": HALF + frame(PING, bytes(8)),
    "a continuation of another stream": HALF + frame(CONTINUATION, CALL, flags=END_HEADERS, stream=3),
    "the header number 0": HELLO + frame(HEADERS, b"\x80", flags=END_HEADERS, stream=1),
    "a header that is in no table": HELLO + frame(HEADERS, b"\xff\xff\x7f", flags=END_HEADERS, stream=1),
    "an integer without end": HELLO + frame(HEADERS, b"\xff" * 20, flags=END_HEADERS, stream=1),
    "a table beyond the limit": HELLO + frame(HEADERS, b"\x3f\xff\xff\x7f", flags=END_HEADERS, stream=1),
    "a text longer than the frame": HELLO + frame(HEADERS, b"\0\x7fx", flags=END_HEADERS, stream=1),
    "a broken Huffman code": HELLO + frame(HEADERS, b"\0\x84\xff\xff\xff\xff\0", flags=END_HEADERS, stream=1),
    "capitals in a header": HELLO + frame(HEADERS, CALL + field(b"X-A", b"b"), flags=END_HEADERS, stream=1),
    "no path": HELLO + frame(HEADERS, field(b":method", b"POST"), flags=END_HEADERS, stream=1),
    "no headers": HELLO + frame(HEADERS, flags=END_HEADERS | END_STREAM, stream=1),
    "an unknown compression": BEGUN + frame(DATA, b"\x07\0\0\0\x01x", flags=END_STREAM, stream=1),
    "a message that is not whole": BEGUN + frame(DATA, b"\0\0\0\0\xffx", flags=END_STREAM, stream=1),
    "a message of 4 GB": BEGUN + frame(DATA, b"\0\xff\xff\xff\xff" + bytes(1000), stream=1),
}


def test_wrong_frames_end_their_connection_at_most(host: Start, raw_socket: Start, others: Start) -> None:
    """Each connection ends, or goes on: either can be seen, as the server closes it or answers a ping.
    Fails where a frame makes the server forget a connection, or fail other calls."""
    server = host("GRPC", "--grpc-max-connection-age", "86400")
    bystanders = others(server, "grpc")
    silent = []
    for name, sent in WRONG.items():
        one = raw_socket(server, "grpc").send(sent)
        # completes a frame of which only the beginning was sent, too
        one.send_if_open(bytes(0) if name == "a frame that is too large" else frame(PING, b"anybody?"))
        if not one.ends_or_has(b"anybody?"):
            silent.append(name)
        one.close()
    assert silent == []
    bystanders.wait_for_answers()


FLOODS = {
    "continuations": (HALF, frame(CONTINUATION, field(b"x-a", b"y" * 16_000), stream=1)),
    "continuations of small headers": (HALF, frame(CONTINUATION, field(b"a", b"b") * 3000, stream=1)),
    "empty continuations": (HALF, frame(CONTINUATION, stream=1) * 1000),
    "pings": (HELLO, frame(PING, bytes(8)) * 1000),
    "settings": (HELLO, frame(SETTINGS) * 1000),
    "windows": (HELLO, frame(WINDOW, b"\0\0\0\x01") * 1000),
    "empty data": (BEGUN, frame(DATA, stream=1) * 1000),
    "resets": (HELLO, b""),  # see below
}


def test_floods_of_frames_fail_no_other_call_and_memory_has_a_bound(
    host: Start, raw_socket: Start, others: Start, slow: bool
) -> None:
    """A flood goes on until the server ends its connection, or reads no more, or so many bytes are sent.
    One of continuations costs up to 130 MiB at first, and no more then; three at once are too many here."""
    server = host("GRPC", "--grpc-max-connection-age", "86400")
    bystanders = others(server, "grpc")
    bystanders.wait_for_answers()
    grown = {}
    for name, (begin, piece) in FLOODS.items():
        before = server.peak_mib()
        one = raw_socket(server, "grpc").send(begin)
        one.socket.settimeout(2)
        for number in range((60_000_000 if slow else 4_000_000) // max(len(piece), 10_000)):
            if not one.send_if_open(piece or resets(100 * number + 1)):
                break
        bystanders.wait_for_answers()
        grown[name] = server.peak_mib() - before
        one.close()
    assert {name: mib for name, mib in grown.items() if mib > 250} == {}


def resets(first: int) -> bytes:
    """50 calls, each taken back at once."""
    return b"".join(
        frame(HEADERS, CALL, flags=END_HEADERS, stream=stream) + frame(RESET, bytes(4), stream=stream)
        for stream in range(first, first + 100, 2)
    )


@pytest.mark.parametrize("begin", [b"", PREFACE[:10], HELLO, BEGUN], ids=["nothing", "half", "hello", "call"])
def test_a_client_that_is_no_longer_there_is_forgotten(
    host: Start, raw_socket: Start, slow: bool, begin: bytes
) -> None:
    """It answers no ping. Fails, by its time limit, with a longer ``--grpc-keepalive``."""
    if not slow:
        pytest.skip("slow: 20 seconds; run by tox's faults")
    server = host("GRPC", "--grpc-max-connection-age", "86400", "--grpc-keepalive", "1")
    one = raw_socket(server, "grpc").send(begin)
    one.all()
