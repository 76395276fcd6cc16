"""Requests that two servers in a row might read differently, and unusual ones: refused, or answered in order.

Each stands before another request on the same connection. Where a request is refused, nothing that follows it
is answered: it may be part of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Start = Callable[..., Any]

BODY = b'{"strData":"first"}'
HEAD = b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: h\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
NEXT = b"GET /health/ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

REFUSED = {
    "length and chunks": HEAD + LENGTH + CHUNKED + CHUNKS,
    "chunks and length": HEAD + CHUNKED + b"Content-Length: 3\r\n" + CHUNKS,
    "two lengths": HEAD + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY,
    "a length twice": HEAD + LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": HEAD + b"Content-Length: 19, 19\r\n\r\n" + BODY,
    "a negative length": HEAD + b"Content-Length: -19\r\n\r\n" + BODY,
    "a length with a sign": HEAD + b"Content-Length: +19\r\n\r\n" + BODY,
    "a hexadecimal length": HEAD + b"Content-Length: 0x13\r\n\r\n" + BODY,
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n" + CHUNKS,
    "a coding before chunks": HEAD + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS,
    "a coding after chunks": HEAD + b"Transfer-Encoding: chunked, identity\r\n" + CHUNKS,
    "chunks in quotes": HEAD + b'Transfer-Encoding: "chunked"\r\n' + CHUNKS,
    "two codings": HEAD + CHUNKED + b"Transfer-Encoding: cow\r\n" + CHUNKS,
    "a space before the colon": HEAD + b"Content-Length : 19\r\n\r\n" + BODY,
    "a space before the name": HEAD + b" Content-Length: 19\r\n\r\n" + BODY,
    "a folded header": HEAD + b"X: a\r\n b\r\n" + LENGTH + b"\r\n" + BODY,
    "a folded coding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n" + CHUNKS,
    "a carriage return in a header": HEAD + b"X: a\rContent-Length: 19\r\n\r\n" + BODY,
    "a line feed in a header": HEAD + b"X: a\nContent-Length: 19\r\n\r\n" + BODY,
    "a null in a header": HEAD + b"X: a\0b\r\n" + LENGTH + b"\r\n" + BODY,
    "lines without carriage return": (HEAD + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "lines of carriage returns": (HEAD + LENGTH + b"\r\n").replace(b"\r\n", b"\r") + BODY,
    "a chunk size that is none": HEAD + CHUNKED + b"\r\ng\r\n" + BODY,
    "a chunk size with 0x": HEAD + CHUNKED + b"\r\n0x13\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a negative chunk size": HEAD + CHUNKED + b"\r\n-1\r\n" + BODY,
    "a chunk size beyond 64 bits": HEAD + CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n" + BODY,
    "a chunk that is longer than said": HEAD + CHUNKED + b"\r\n2\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk that ends with a line feed": HEAD + CHUNKED + b"\r\n13\r\n" + BODY + b"\n0\n\n",
    "a length after the chunks": HEAD + CHUNKED + CHUNKS[:-2] + b"Content-Length: 3\r\n\r\n",
    "an unknown method": b"FETCH /predict HTTP/1.1\r\nHost: h\r\n\r\n",
    "a method in lower case": b"get /health/live HTTP/1.1\r\nHost: h\r\n\r\n",
    "CONNECT": b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    "HTTP/0.9": b"GET /health/live\r\n\r\n",
    "HTTP/2.0": b"GET /health/live HTTP/2.0\r\nHost: h\r\n\r\n",
    "HTTP/1.1 twice": b"GET /health/live HTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
    "two hosts": b"GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bytes in the path": b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
    "a space in the path": b"GET /health /live HTTP/1.1\r\nHost: h\r\n\r\n",
    "a name without a colon": GET + b"nothing\r\n\r\n",
}
"""All get one 400, and the end of the connection."""

ECHO = b'"strData":"first"}\n'
LIVE = b'{"live":true}\n'
ANSWERED: dict[str, tuple[bytes, list[int], bytes]] = {
    "a length": (HEAD + LENGTH + b"\r\n" + BODY, [200, 200], ECHO),
    "chunks": (HEAD + CHUNKED + CHUNKS, [200, 200], ECHO),
    "chunks in capitals": (HEAD + CHUNKED.upper() + CHUNKS, [200, 200], ECHO),
    "extensions and trailers": (
        HEAD + CHUNKED + b"\r\n13;a=b\r\n" + BODY + b"\r\n0;c\r\nX: y\r\n\r\n",
        [200, 200],
        ECHO,
    ),
    "leading zeros": (HEAD + CHUNKED + CHUNKS.replace(b"\r\n13", b"\r\n0013"), [200, 200], ECHO),
    "three at once": (HEAD + LENGTH + b"\r\n" + BODY + (GET + b"\r\n") * 2, [200] * 4, LIVE),
    "GET with a body": (GET + b"Content-Length: 5\r\n\r\nhello", [200, 200], LIVE),
    "HEAD": (GET.replace(b"GET", b"HEAD") + b"\r\n", [200, 200], b"\r\n\r\n"),
    "OPTIONS": (b"OPTIONS /predict HTTP/1.1\r\nHost: h\r\n\r\n", [200, 200], b"\r\n\r\n"),
    "OPTIONS of the server": (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", [404, 200], b"}\n"),
    "a whole address": (b"GET http://other/health/live HTTP/1.1\r\nHost: h\r\n\r\n", [200, 200], LIVE),
    "no host": (b"GET /health/live HTTP/1.1\r\n\r\n", [400], b"}\n"),
    "empty lines before": (b"\r\n\r\n" + GET + b"\r\n", [200, 200], LIVE),
    "an offer to upgrade": (GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", [200, 200], LIVE),
    "a path in percents": (b"GET /%68ealth/l%69ve HTTP/1.1\r\nHost: h\r\n\r\n", [200, 200], LIVE),
    "null and lines in percents": (b"GET /a%00%0d%0ab HTTP/1.1\r\nHost: h\r\n\r\n", [404, 200], b"}\n"),
    "no UTF-8 in percents": (b"GET /%ff%c0%ae HTTP/1.1\r\nHost: h\r\n\r\n", [404, 200], b"}\n"),
    "dots in the path": (b"GET /health/../../live HTTP/1.1\r\nHost: h\r\n\r\n", [404, 200], b"}\n"),
    "an unknown path": (b"POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", [404, 200], b"}\n"),
    "a body that is asked for": (
        HEAD + b"Expect: 100-continue\r\n" + LENGTH + b"\r\n" + BODY,
        [200, 200],
        ECHO,
    ),
    "HTTP/1.0": (b"GET /health/live HTTP/1.0\r\n\r\n", [200], LIVE),
    "close": (GET + b"Connection: close\r\n\r\n", [200], LIVE),
    "a very long address": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", [431], b"}\n"),
    "very many headers": (GET + b"X: y\r\n" * 12_000 + b"\r\n", [431], b"}\n"),
}
"""What is sent, the statuses of all answers, and the end of the last one before that to the next request."""


def test_ambiguous_requests_are_refused_with_all_that_follows(
    lasting_host: Start, raw_socket: Start, others: Start
) -> None:
    server = lasting_host("REST")
    bystanders = others(server)
    wrong = {}
    for name, request in REFUSED.items():
        one = raw_socket(server).send(request + NEXT)
        if one.statuses() != [400] or b"connection: close" not in one.received:
            wrong[name] = one.received
        one.close()
    assert wrong == {}
    bystanders.wait_for_answers()


def test_unusual_requests_are_answered_in_their_order(
    lasting_host: Start, raw_socket: Start, others: Start
) -> None:
    server = lasting_host("REST")
    bystanders = others(server)
    wrong = {}
    for name, (request, expected, end) in ANSWERED.items():
        one = raw_socket(server).send(request + NEXT)
        statuses = [status for status in one.statuses() if status != 100]
        answers = re.split(rb"(?=HTTP/1\.1 (?!100))", one.received)[1:]
        before = answers[: len(expected) - 1] or answers
        is_next_last = len(expected) == 1 or answers[-1].endswith(b"pong")
        if statuses != expected or not before[-1].endswith(end) or not is_next_last:
            wrong[name] = one.received
        one.close()
    assert wrong == {}
    bystanders.wait_for_answers()


def test_requests_come_in_pieces_of_any_size(lasting_host: Start, raw_socket: Start, others: Start) -> None:
    server = lasting_host("REST")
    bystanders = others(server)
    request, expected, _ = ANSWERED["extensions and trailers"]
    everything = request + NEXT
    for size in (1, 2, 3, 7, 31):
        pieces = (everything[start : start + size] for start in range(0, len(everything), size))
        assert raw_socket(server).send(*pieces).statuses() == expected
    bystanders.wait_for_answers()


def test_more_requests_at_once_than_are_kept_are_answered_in_part_and_in_order(
    lasting_host: Start, raw_socket: Start, others: Start
) -> None:
    server = lasting_host("REST")
    bystanders = others(server)
    for _ in range(5):
        calls = b"".join(
            HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            for body in (b'{"strData":"n%05d"}' % number for number in range(2000))
        )
        with_numbers = re.findall(rb'"n(\d{5})"', raw_socket(server).send(calls).all())
        assert [int(number) for number in with_numbers] == list(range(len(with_numbers)))
        assert len(with_numbers) >= 100
    bystanders.wait_for_answers()
