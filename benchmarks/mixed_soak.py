"""A long run of async methods, streams and batches together: answers must be right, and memory must not grow.

    python -m benchmarks.mixed_soak --minutes 10

One process with the plugin ``batching`` serves an async method, a stream, and a stream that awaits. Each call
sends a number that no other call sends, so that an answer which belongs to another call is noticed. Some
clients take the items of a stream, some want them joined, and some leave in the middle.

The exit status is 1 if an answer was wrong, or if memory grew by 5 % or more (see :mod:`benchmarks.soak`).
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import grpc

from benchmarks.load import PREDICT
from benchmarks.running import Running, running
from benchmarks.servers import running_program
from benchmarks.soak import growth, sampled
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_MOST_GROWTH = 0.05
_ITEMS = 20
_CLIENTS = 3
"""The clients of each kind."""
_WAIT_S = 60.0
_STREAM = "/seldon.protos.Transformer/TransformInputStream"
_LOCAL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
_VALUES = re.compile(rb'"ndarray":(\[\[.*?\]\])')

Ask = Callable[[Running, int], tuple[object, object]]
"""Makes a call with a number; returns what came, and what was expected."""


def main() -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed_soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    words = ("--extension", "batching", "--batch-max-size", "16", "--concurrency", "100")
    server = running_program("Mixed", *words, transports="REST,GRPC")
    server = server.changed("seldon", SELDON_PROTOCOLS="v1,v2")
    answered: Counter[str] = Counter()
    wrong: list[str] = []
    over = threading.Event()

    def call(name: str, ask: Ask, first: int) -> None:
        number = first
        while not over.is_set():
            number += 1
            try:
                found, expected = ask(started, number)
            except (OSError, http.client.HTTPException, grpc.RpcError) as error:
                found, expected = error, "an answer"
            answered[name] += 1
            if found != expected:
                wrong.append(f"{name}: {found!r:.200}, expected {expected!r:.200}")

    with running(server, None) as started, sampled(started) as samples:
        clients = [
            threading.Thread(target=call, args=(name, ask, (1 + index) * 10_000_000))
            for index, (name, ask) in enumerate([*_KINDS.items()] * _CLIENTS)
        ]
        for client in clients:
            client.start()
        over.wait(minutes * 60)
        over.set()
        for client in clients:
            client.join()
    before, after, parts = growth(samples)
    grown = after / before - 1
    print("answered: " + ", ".join(f"{count} {name}" for name, count in answered.items()))
    print(f"wrong: {len(wrong)}", *wrong[:10], sep="\n  ")
    print(f"memory: {before:.1f} MiB after the warm-up, {after:.1f} MiB at the end: {100 * grown:+.2f} %")
    print("medians of ten parts: " + " ".join(f"{part:.1f}" for part in parts))
    return 1 if wrong or grown >= _MOST_GROWTH else 0


def _batched(server: Running, number: int) -> tuple[object, object]:
    with _answer(server, "/predict", {"data": {"ndarray": [[number]]}}) as answer:
        return json.loads(answer.read())["data"]["ndarray"], [[2 * number]]


def _infer(server: Running, number: int) -> tuple[object, object]:
    given = {"name": "x", "shape": [1, 1], "datatype": "INT64", "data": [number]}
    with _answer(server, "/v2/models/Mixed/infer", {"inputs": [given]}) as answer:
        return json.loads(answer.read())["outputs"][0]["data"], [2 * number]


def _joined(server: Running, number: int) -> tuple[object, object]:
    with _answer(server, "/transform-input", {"data": {"ndarray": [[number]]}}) as answer:
        return json.loads(answer.read())["data"]["ndarray"], _items(number)


def _events(path: str, server: Running, number: int) -> tuple[object, object]:
    with _answer(server, path, {"data": {"ndarray": [[number]]}}, "text/event-stream") as answer:
        found = [json.loads(rows)[0] for rows in _VALUES.findall(answer.read())]
        return found, _items(number)


def _leaves(server: Running, number: int) -> tuple[object, object]:
    request = {"data": {"ndarray": [[number]]}}
    with _answer(server, "/transform-output", request, "text/event-stream") as answer:
        return answer.readline(), b"id: 1\n"


def _predict(server: Running, number: int) -> tuple[object, object]:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}", options=_LOCAL) as channel:
        ask = channel.unary_unary(PREDICT, SeldonMessage.SerializeToString, SeldonMessage.FromString)
        answer = ask(_message(number), timeout=_WAIT_S)
        return list(answer.data.tensor.values), [2.0 * number]


def _stream(server: Running, number: int) -> tuple[object, object]:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}", options=_LOCAL) as channel:
        ask = channel.unary_stream(_STREAM, SeldonMessage.SerializeToString, SeldonMessage.FromString)
        answers = ask(_message(number), timeout=_WAIT_S)
        return [list(answer.data.tensor.values) for answer in answers], _items(number)


_KINDS: Mapping[str, Ask] = {
    "batched": _batched,
    "batched V2": _infer,
    "batched gRPC": _predict,
    "joined": _joined,
    "events": partial(_events, "/transform-input"),
    "awaited events": partial(_events, "/transform-output"),
    "gRPC streams": _stream,
    "left streams": _leaves,
}


def _items(number: int) -> list[list[float]]:
    return [[number + index] for index in range(_ITEMS)]


def _message(number: int) -> SeldonMessage:
    message = SeldonMessage()
    message.data.tensor.shape.extend([1, 1])
    message.data.tensor.values.append(number)
    return message


@contextmanager
def _answer(
    server: Running, path: str, request: object, accept: str = "application/json"
) -> Iterator[http.client.HTTPResponse]:
    """Yield the response to a request, and close its connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=_WAIT_S)
    try:
        headers = {"Content-Type": "application/json", "Accept": accept}
        connection.request("POST", path, json.dumps(request), headers)
        yield connection.getresponse()
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
