"""The section that measures calls of the Open Inference Protocol, beside the same calls of v1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks import load
from benchmarks.measuring import Finding, Plan, all_running, alternating, median_ms
from benchmarks.running import Running
from benchmarks.servers import Server, ours

_CONNECTIONS = 16
_SMALL = (1, 4)
_LARGE = (1000, 1000)
_HEADER = "Inference-Header-Content-Length"
_V2 = "/v2/models/{}/infer"
_MODELS = {"mlserver": "identity", "kserve": "identity"}
"""The names of the peers' models."""
_WITHOUT_BINARY = {"mlserver"}


def open_inference(plan: Plan) -> Iterator[Finding]:
    """Measure calls with FP32, as JSON and as binary data, of four numbers and of a million."""
    values = np.random.default_rng(0)
    for shape in (_SMALL, _LARGE):
        array = values.random(shape, np.float32)
        v1 = b'{"data":{"tensor":{"shape":%b,"values":%b}}}' % (_dumped(shape), _dumped(array.reshape(-1)))
        own = replace(ours("REST", SELDON_PROTOCOLS="v1,v2"), path=_V2.format("Identity"))
        peers = [replace(p, path=_V2.format(_MODELS[p.name])) for p in plan.peers if p.name in _MODELS]
        as_v1 = replace(ours("REST", SELDON_PROTOCOLS="v1"), name="seldon, v1", body=v1)
        as_json = [replace(server, body=_json(array)) for server in (own, *peers)]
        row = f"{array.shape[0]} x {array.shape[1]} FP32"
        yield from _measured(plan, f"JSON, {row}", [*as_json, as_v1], is_small=shape == _SMALL)
        binary = [_binary(server, array) for server in (own, *peers) if server.name not in _WITHOUT_BINARY]
        yield from _measured(plan, f"binary, {row}", binary, is_small=shape == _SMALL)


def _measured(plan: Plan, row: str, servers: list[Server], *, is_small: bool) -> Iterator[Finding]:
    measure = _rate if is_small else _round_trip
    with all_running(plan, servers) as started:
        subjects = {each.server.name: partial(measure, plan, each) for each in started}
        yield from alternating(plan, "open_inference", row, subjects)


def _rate(plan: Plan, server: Running) -> Mapping[str, float]:
    found = load.rest(server, plan.load_processor, _CONNECTIONS, plan.seconds)
    return {"calls/s": found.rate, "µs of processor per call": found.processor_us}


def _round_trip(plan: Plan, server: Running) -> Mapping[str, float]:
    return {"ms": median_ms(server.ask)}


def _json(array: NDArray[np.float32]) -> bytes:
    data = _dumped(array.reshape(-1))
    return b'{"inputs":[{"name":"x","shape":%b,"datatype":"FP32","data":%b}]}' % (_dumped(array.shape), data)


def _binary(server: Server, array: NDArray[np.float32]) -> Server:
    size = {"binary_data_size": array.nbytes}
    tensor = {"name": "x", "shape": array.shape, "datatype": "FP32", "parameters": size}
    head = _dumped({"inputs": [tensor], "parameters": {"binary_data_output": True}})
    headers = {"Content-Type": "application/octet-stream", _HEADER: str(len(head))}
    return replace(server, body=head + array.tobytes(), headers=headers)


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
