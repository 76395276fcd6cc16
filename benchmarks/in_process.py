"""The call path inside this process: calls without a server, and what each of their steps costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import orjson

from benchmarks.grpc_handler import through_handler
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
Steps = Mapping[str, Callable[[], object]]
"""By name, what runs one."""


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
    """Calls from the message that grpc hands over to the one that it takes."""
    return through_handler(grpc_body(size))


def stages(plan: Plan) -> Iterator[Finding]:
    """What each step of a call costs, microseconds, and what the hand-over between two threads does."""
    with _started() as service:
        for name, steps_of in _TRANSPORTS.items():
            for size in SIZES:
                subjects = {step: partial(_measure, run) for step, run in steps_of(size, service).items()}
                yield from alternating(plan, "stages", f"{name}, {size} numbers", subjects)


@contextmanager
def steps_of_a_call(size: int) -> Iterator[Mapping[str, Steps]]:
    """By transport."""
    with _started() as service:
        yield {name: steps_of(size, service) for name, steps_of in _TRANSPORTS.items()}


@contextmanager
def _started() -> Iterator[Service]:
    executor = Executor()
    executor.start()
    yield Service(Component(Identity()), executor)
    executor.stop()


def _rest_steps(size: int, service: Service) -> Steps:
    codec, body = rest_codec(), rest_body(size)
    reading, answer, whole = _common_steps(codec, body, service)
    shaped = encode_message(answer)
    writing = {"encode": lambda: encode_message(answer), "write": lambda: codec.write(shaped)}
    return {**reading, **writing, **whole}


def _grpc_steps(size: int, service: Service) -> Steps:
    codec, body = GrpcCodec(Limits()), grpc_body(size)
    reading, answer, whole = _common_steps(codec, body, service)
    return {**reading, "encode": lambda: codec.encode(Method.PREDICT, answer), **whole}


_TRANSPORTS = {"REST": _rest_steps, "gRPC": _grpc_steps}


def _common_steps(
    codec: RestCodec | GrpcCodec, body: bytes, service: Service
) -> tuple[Steps, Message, Steps]:
    """What comes before the answer is written, that answer, and all together."""
    component = service.component
    parsed = codec.parse(Method.PREDICT, body)
    request: Any = codec.decode(Method.PREDICT, parsed)
    payload = pack(request.payload.value, request.payload.kind, lambda: ["t:0", "t:1", "t:2", "t:3"])
    reading: Steps = {
        "parse": lambda: codec.parse(Method.PREDICT, body),
        "decode": lambda: codec.decode(Method.PREDICT, parsed),
        "read": lambda: codec.read(Method.PREDICT, body),
        "call": lambda: component._run[Method.PREDICT](request),
    }
    whole: Steps = {
        "all": lambda: component.answer(Call(Method.PREDICT, body, codec, codec.name)),
        "all, asked from another thread": lambda: service.call(Call(Method.PREDICT, body, codec, codec.name)),
    }
    return reading, Message(payload, request.meta), whole


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
