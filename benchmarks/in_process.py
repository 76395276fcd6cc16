"""The sections that measure the call path inside this process: stages, instructions, memory."""

from __future__ import annotations

import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import orjson

from benchmarks.measuring import Finding, Plan, alternating
from benchmarks.programs.Identity import Identity
from benchmarks.rest_connection import through_connection
from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.limits import Limits
from seldon_runtime.message import Kind, Message, Method, Payload
from seldon_runtime.protocols.v1 import encode_message
from seldon_runtime.reply import pack
from seldon_runtime.service import Service
from seldon_runtime_grpc.codec import GrpcCodec
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.json_text import dumper

SIZES = (4, 1_000, 100_000)
"""Numbers in a payload."""
Calls = Callable[[int], None]
"""Makes so many calls."""


def array_of(size: int) -> Any:
    """``(n_rows, 4)`` float64; the same every time."""
    return np.random.default_rng(0).random(size).round(4).reshape(-1, 4)


def rest_codec() -> RestCodec:
    """As the REST transport makes it by default."""
    return RestCodec(Limits(max_body_bytes=1 << 30), dumper())


def rest_body(size: int) -> bytes:
    """A request."""
    if size == 4:
        return b'{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}'
    return b'{"data":{"ndarray":%b}}' % orjson.dumps(array_of(size), option=orjson.OPT_SERIALIZE_NUMPY)


def grpc_body(size: int) -> bytes:
    """A request."""
    return GrpcCodec(Limits()).encode(Method.PREDICT, Message(Payload(Kind.TENSOR, array_of(size))))


def through_rest(size: int) -> Calls:
    """Calls from the bytes that arrive on a connection to those of the answer."""
    return through_connection(rest_body(size))


def through_grpc(size: int) -> Calls:
    """Calls from the bytes of the request to those of the answer."""
    component, codec, body = Component(Identity()), GrpcCodec(Limits()), grpc_body(size)

    def make(calls: int) -> None:
        for _ in range(calls):
            component.answer(Call(Method.PREDICT, body, codec, "grpc"))

    return make


def stages(plan: Plan) -> Iterator[Finding]:
    """What each step of a REST call costs, microseconds, and what the hand-over between two threads does."""
    executor = Executor()
    executor.start()
    for size in SIZES:
        subjects = {name: partial(_measure, step) for name, step in _steps(size, executor).items()}
        yield from alternating(plan, "stages", f"{size} numbers", subjects)
    executor.stop()


def _steps(size: int, executor: Executor) -> dict[str, Callable[[], object]]:
    codec, component = rest_codec(), Component(Identity())
    service = Service(component, executor)
    body = rest_body(size)
    parsed = codec.parse(Method.PREDICT, body)
    request: Any = codec.decode(Method.PREDICT, parsed)
    payload = pack(request.payload.value, request.payload.kind, lambda: ["t:0", "t:1", "t:2", "t:3"])
    shaped = encode_message(Message(payload, request.meta))
    return {
        "parse": lambda: codec.parse(Method.PREDICT, body),
        "decode": lambda: codec.decode(Method.PREDICT, parsed),
        "call": lambda: component._run(Method.PREDICT, request),
        "encode": lambda: encode_message(Message(payload, request.meta)),
        "write": lambda: codec.write(shaped),
        "all": lambda: component.answer(Call(Method.PREDICT, body, codec, "rest")),
        "all, asked from another thread": lambda: service.call(Call(Method.PREDICT, body, codec, "rest")),
    }


def _measure(step: Callable[[], object]) -> Mapping[str, float]:
    return {"µs": median_us(step)}


def median_us(step: Callable[[], object]) -> float:
    """The median time of a run, microseconds, of groups of runs that last a few milliseconds each."""
    began = time.perf_counter()
    step()
    runs = max(1, min(1000, int(0.005 / (time.perf_counter() - began))))
    groups = []
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(runs):
            step()
        groups.append((time.perf_counter() - began) / runs)
    return statistics.median(groups) * 1e6


def allocations(plan: Plan) -> Iterator[Finding]:
    """Memory of a call: the most at a time, and blocks that a hundred calls leave behind."""
    for name, make in (("REST", through_rest), ("gRPC", through_grpc)):
        for size in SIZES:
            calls = make(size)
            row = f"{name}, {size} numbers"
            yield Finding("allocations", row, "seldon", "KiB at the most", [peak_bytes(calls) / 1024])
            yield Finding("allocations", row, "seldon", "blocks left by 100 calls", [blocks_left(calls, 100)])


def peak_bytes(calls: Calls) -> float:
    """The most memory of Python and NumPy that a call held at a time, above what was held before."""
    calls(1)
    gc.collect()
    tracemalloc.start()
    calls(1)
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    calls(1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def blocks_left(calls: Calls, number: int) -> float:
    """How many memory blocks more there are after so many calls than before."""
    calls(10)
    gc.collect()
    before = sys.getallocatedblocks()
    calls(number)
    gc.collect()
    return sys.getallocatedblocks() - before
