"""Clients of server-sent events that take what comes, in a process of its own.

Run it as ``python -m benchmarks.stream_clients PORT items|first|shares NUMBER SECONDS``; it prints JSON.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence

_HEAD = (
    "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n"
)
_ITEM = b"id: "
_TIME = re.compile(rb'"strData":"(\d+)"')
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_BLOCK = 65536
_TIMEOUT_S = 60.0


def items_per_s(port: int, items: int, seconds: float) -> Sequence[float]:
    """Return items per second of one stream of ``items``, from request to end; repeat for ``seconds``.

    Raises:
        SystemExit: a stream had another number of items.
    """
    found: list[float] = []
    ends = time.monotonic() + seconds
    while not found or time.monotonic() < ends:
        with _asked(port, str(items)) as connection:
            began, text = time.perf_counter(), b""
            while not text.endswith(_LAST_CHUNK) and (block := connection.recv(_BLOCK)):
                text += block
            took_s = time.perf_counter() - began
        if text.count(_ITEM) != items:
            raise SystemExit(f"a stream had {text.count(_ITEM)} items, expected {items}:\n{text[-300:]!r}")
        found.append(items / took_s)
    return found


def first_item_ms(port: int, streams: int, seconds: float) -> Sequence[float]:
    """Return the milliseconds from the yield of a stream's first item to its arrival, of each stream.

    The component yields the time of the system's monotonic clock, which all processes share.
    """
    found = []
    for _ in range(streams):
        with _asked(port, "time") as connection:
            text = b""
            while (yielded := _TIME.search(text)) is None:
                text += connection.recv(_BLOCK)
            arrived = time.monotonic_ns()
        found.append((arrived - int(yielded[1])) / 1e6)
    return found


def shares(port: int, clients: int, seconds: float) -> Sequence[float]:
    """Return the items of each of ``clients`` endless streams within ``seconds``, once all have begun."""
    selector = selectors.DefaultSelector()
    counts: dict[socket.socket, int] = {}
    for _ in range(clients):
        connection = _asked(port, "")
        counts[connection] = 0
        selector.register(connection, selectors.EVENT_READ)
    waiting, ends = set(counts), time.monotonic() + _TIMEOUT_S
    while time.monotonic() < ends:
        for key, _ in selector.select(0.1):
            connection = key.fileobj  # type: ignore[assignment]
            found = connection.recv(_BLOCK).count(_ITEM)
            if waiting:
                waiting.discard(connection)
                if not waiting:
                    ends = time.monotonic() + seconds
            else:
                counts[connection] += found
    for connection in counts:
        connection.close()
    if waiting:
        raise SystemExit(f"{len(waiting)} of {clients} streams had no item within {_TIMEOUT_S:g} s")
    return list(counts.values())


def _asked(port: int, text: str) -> socket.socket:
    body = json.dumps({"strData": text}).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall((_HEAD % len(body)).encode() + body)
    return connection


MEASURES: dict[str, Callable[[int, int, float], Sequence[float]]] = {
    "items": items_per_s,
    "first": first_item_ms,
    "shares": shares,
}

if __name__ == "__main__":
    port, measure, number, seconds = sys.argv[1:]
    print(json.dumps(MEASURES[measure](int(port), int(number), float(seconds))))
