"""Thousands of connections on which nothing happens: others are served, and they can be used later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seldon_runtime.transport.rlimit import allow_open_files

Start = Callable[..., Any]

MOST_MIB = 250
"""What 2,000 connections of each transport may cost together."""
PING = b"GET /health/ping HTTP/1.1\r\nHost: h\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SIGNS_OF_LIFE = {
    "rest": (b"", PING, b"pong"),
    "grpc": (PREFACE, bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + b"anybody?", b"anybody?"),
}
"""What is sent first, what is asked, and what the answer has."""


def test_idle_connections_keep_nobody_waiting_and_can_be_used_later(
    host: Start, raw_socket: Start, load: Start, slow: bool
) -> None:
    """Fails with ``--http-max-connections 200`` and with ``--grpc-max-connections 200``."""
    connections = 2000 if slow else 500
    assert allow_open_files() > 2 * connections + 500
    server = host("REST,GRPC", "--grpc-max-connection-age", "86400", "--http-max-connection-age", "0")
    before = server.peak_mib()
    idle = {
        transport: [raw_socket(server, transport).send(hello) for _ in range(connections)]
        for transport, (hello, _, _) in SIGNS_OF_LIFE.items()
    }
    clients = [load(server, transport) for transport in idle]
    for transport, (_, question, answer) in SIGNS_OF_LIFE.items():
        for one in idle[transport]:
            one.send(question)
        for one in idle[transport]:
            one.until(answer)
    for one in clients:
        one.wait_for_answers()
        one.stop()
        assert one.failures == []
    assert server.get("/health/ready").status == 200
    assert server.peak_mib() - before < MOST_MIB
