"""The call path inside this process: calls without a server, and the cost of each step."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import orjson

from benchmarks.graph_in_process import chain_service
from benchmarks.grpc_client import infer_rpc
from benchmarks.grpc_handler import through_handler, v2_services
from benchmarks.measuring import Finding, Plan, alternating
from benchmarks.open_inference import binary_body, infer_body
from benchmarks.programs.Identity import Identity
from benchmarks.programs.Waits import Waits
from benchmarks.rest_connection import identity_service, through_connection, v2_routes
from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.result import pack
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.message import encode_message
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.service import Service
from seldon_runtime.service.unit import Unit
from seldon_runtime_grpc.v1.codec import GrpcCodec
from seldon_runtime_rest.v1.codec import RestCodec
from seldon_runtime_rest.v1.json_text import dumper

SIZES = (4, 1_000, 100_000)
"""Numbers in a payload."""
_V2_INFER = "/v2/models/Identity/infer"
Calls = Callable[[int], None]
"""A function that makes so many calls."""
Steps = Mapping[str, Callable[[], object]]
"""Functions that run one step, by the name of the step."""


def array_of(size: int) -> Any:
    """Return an array ``(n_rows, 4)`` of float64, the same on every call."""
    return np.random.default_rng(0).random(size).round(4).reshape(-1, 4)


def rest_codec() -> RestCodec:
    """Return the codec that the REST transport has by default."""
    return RestCodec(Limits(max_body_bytes=1 << 30), dumper())


def rest_body(size: int) -> bytes:
    """Return a request."""
    if size == 4:
        return b'{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}'
    return b'{"data":{"ndarray":%b}}' % orjson.dumps(array_of(size), option=orjson.OPT_SERIALIZE_NUMPY)


def grpc_body(size: int) -> bytes:
    """Return a request."""
    return GrpcCodec(Limits()).write(Method.PREDICT, Message(Payload(Kind.TENSOR, array_of(size))))


def through_rest(size: int) -> Calls:
    """Return calls from the bytes of a request on a connection to the bytes of the answer."""
    return through_connection(rest_body(size), identity_service())


def through_chain(length: int, component: type = Waits) -> Calls:
    """Return calls of a graph whose nodes follow one another on one thread, as of :func:`through_rest`."""
    return through_connection(rest_body(4), chain_service(length, component))


def through_grpc(size: int) -> Calls:
    """Return calls from grpc's request message to its answer message."""
    return through_handler(grpc_body(size))


def through_v2_json(size: int) -> Calls:
    """Return calls of the Open Inference Protocol, with FP32 in JSON, as of :func:`through_rest`."""
    body = infer_body(array_of(size).astype(np.float32))
    return through_connection(body, identity_service(), _V2_INFER, v2_routes)


def through_v2_binary(size: int) -> Calls:
    """Return calls of the Open Inference Protocol, with FP32 as binary data, as of :func:`through_rest`."""
    body, headers = binary_body(array_of(size).astype(np.float32))
    return through_connection(body, identity_service(), _V2_INFER, v2_routes, headers)


def through_v2_grpc(size: int) -> Calls:
    """Return calls of the Open Inference Protocol, with raw contents of FP32, as of :func:`through_grpc`."""
    rpc = infer_rpc("Identity", array_of(size).astype(np.float32))
    return through_handler(rpc.message, rpc.path, v2_services)


def stages(plan: Plan) -> Iterator[Finding]:
    """Measure each step of a call, and the hand-over between two threads, in microseconds."""
    with _started() as service:
        for name, steps_of in _TRANSPORTS.items():
            for size in SIZES:
                subjects = {step: partial(_measure, run) for step, run in steps_of(size, service).items()}
                yield from alternating(plan, "stages", f"{name}, {size} numbers", subjects)


@contextmanager
def steps_of_a_call(size: int) -> Iterator[Mapping[str, Steps]]:
    """Yield the steps of a call, by transport."""
    with _started() as service:
        yield {name: steps_of(size, service) for name, steps_of in _TRANSPORTS.items()}


@contextmanager
def _started() -> Iterator[Service]:
    executor = Executor()
    executor.start()
    yield ComponentService(Unit(ComponentAdapter(Identity()), executor))
    executor.stop()


def _rest_steps(size: int, service: Service) -> Steps:
    codec, body = rest_codec(), rest_body(size)
    reading, answer, whole = _common_steps(codec, body, service)
    shaped = encode_message(answer)
    writing = {"encode": lambda: encode_message(answer), "write": lambda: codec.to_wire(shaped)}
    return {**reading, **writing, **whole}


def _grpc_steps(size: int, service: Service) -> Steps:
    codec, body = GrpcCodec(Limits()), grpc_body(size)
    reading, answer, whole = _common_steps(codec, body, service)
    return {**reading, "encode": lambda: codec.write(Method.PREDICT, answer), **whole}


_TRANSPORTS = {"REST": _rest_steps, "gRPC": _grpc_steps}


def _common_steps(
    codec: RestCodec | GrpcCodec, body: bytes, service: Service
) -> tuple[Steps, Message, Steps]:
    """Return the steps up to the answer, the answer, and the runs of all steps together."""
    predictor = service.units[0].predictor
    parsed = codec.parse(Method.PREDICT, body)
    request: Any = codec.decode(Method.PREDICT, parsed)
    payload = pack(request.payload.value, request.payload.kind, lambda: ["t:0", "t:1", "t:2", "t:3"])
    reading: Steps = {
        "parse": lambda: codec.parse(Method.PREDICT, body),
        "decode": lambda: codec.decode(Method.PREDICT, parsed),
        "read": lambda: codec.read(Method.PREDICT, body),
        "call": lambda: predictor.predict(Method.PREDICT, request),
    }
    pipeline = Pipeline(predictor, lambda call: {}, (), lambda call, stream: stream)
    whole: Steps = {
        "all": lambda: pipeline.run(Call(Method.PREDICT, body, codec, codec.name)),
        "all, called from another thread": lambda: service.call(
            Call(Method.PREDICT, body, codec, codec.name)
        ),
    }
    return reading, Message(payload, request.meta), whole


def _measure(step: Callable[[], object]) -> Mapping[str, float]:
    return {"µs": median_us(step)}


def median_us(step: Callable[[], object]) -> float:
    """Return the median time of a run, in microseconds, from groups of runs of a few milliseconds."""
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
