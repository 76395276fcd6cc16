"""Large requests: refused at little cost, or answered at one that is known. Compressed ones do not unpack."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from tests.support.http_client import JSON_TYPE

Start = Callable[..., Any]

CLIENTS = 8
LIMIT = 1_000_000
MOST_REFUSING_MIB = 100
"""What ``CLIENTS`` refused requests may cost a server together."""
HEAD = b"POST /predict HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
PIECE = b"x" * 100_000
UNLIMITED = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
]


def ask_rest(server: Any, text: str) -> str:
    body = b'{"strData":"%b"}' % text.encode()
    answer = server.request("POST", "/predict", body, JSON_TYPE).body
    start = answer.index(b'"strData":"') + 11
    return answer[start : answer.rindex(b'"')].decode()


def ask_grpc(server: Any, text: str, compression: Any = None) -> str:
    with server.grpc_client(options=UNLIMITED, compression=compression) as client:
        answer: str = client.predict(text)
    return answer


def refusal(server: Any, text: str, compression: Any = None) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        ask_grpc(server, text, compression)
    code: grpc.StatusCode = caught.value.code()
    return code


FRAMINGS = [
    (b"Content-Length: 200000000\r\n\r\n", PIECE),
    (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n" % (len(PIECE), PIECE)),
]


def test_bodies_of_200_mb_are_refused_as_soon_as_that_is_known(
    host: Start, raw_socket: Start, others: Start
) -> None:
    """Plain calls, and those that Flask reads. Fails, by its memory, when the limit is ``300000000``."""
    server = host("REST", "--max-body-bytes", str(LIMIT))
    bystanders = others(server)
    bystanders.wait_for_answers()
    before = server.peak_mib()
    heads = [HEAD, HEAD.replace(b"/predict", b"/predict?json=")]
    with ThreadPoolExecutor(CLIENTS) as threads:
        for head, (framing, piece) in itertools.product(heads, FRAMINGS):
            senders = [raw_socket(server).send(head + framing) for _ in range(CLIENTS)]
            for one in threads.map(lambda one, piece: one.pour(piece), senders, [piece] * CLIENTS):
                assert one.until(b"\r\n\r\n").startswith(b"HTTP/1.1 413 ")
                one.close()
    bystanders.wait_for_answers()
    assert server.peak_mib() - before < MOST_REFUSING_MIB


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip], ids=["plain", "bomb"])
def test_a_message_over_the_limit_is_refused_packed_or_not(
    host: Start, others: Start, slow: bool, compression: Any
) -> None:
    """Fails, by answers and memory, when the limit is ``300000000``. A bomb is a thousandth of its text."""
    server = host("GRPC", "--grpc-max-message-bytes", str(LIMIT), "--grpc-max-connection-age", "86400")
    bystanders = others(server, "grpc")
    bystanders.wait_for_answers()
    before = server.peak_mib()
    slow_size = 200_000_000 if compression is None else 30_000_000  # packing takes the clients long
    text = "x" * (slow_size if slow else 8_000_000)
    with ThreadPoolExecutor(CLIENTS) as threads:
        refusals = threads.map(lambda _: refusal(server, text, compression), range(CLIENTS))
        assert set(refusals) == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    bystanders.wait_for_answers()
    assert server.peak_mib() - before < MOST_REFUSING_MIB


@pytest.mark.parametrize(("ask", "times"), [(ask_rest, 6), (ask_grpc, 9)], ids=["rest", "grpc"])
def test_with_a_higher_limit_it_is_answered(
    host: Start, others: Start, slow: bool, ask: Any, times: int
) -> None:
    """Of a text, at most so many copies are there at the same time; without that bound it could not fail."""
    high = ("--max-body-bytes", "300000000", "--grpc-max-message-bytes", "300000000")
    server = host("REST,GRPC", *high, "--grpc-max-connection-age", "86400")
    bystanders = others(server, "grpc")
    bystanders.wait_for_answers()
    before = server.peak_mib()
    text = "0123456789" * (20_000_000 if slow else 1_000_000)
    assert ask(server, text) == text
    bystanders.wait_for_answers()
    assert server.peak_mib() - before < times * len(text) / 2**20 + 40
