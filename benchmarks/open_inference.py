"""The section that measures calls of the Open Inference Protocol, beside the same calls of v1 and peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks import load
from benchmarks.grpc_client import GrpcClient, infer_rpc, tensor_rpc
from benchmarks.measuring import Finding, Plan, all_running, alternating, median_ms
from benchmarks.running import Running
from benchmarks.servers import Server, bare_echo, bare_grpc, ours

_CONNECTIONS = 16
_SMALL = (1, 4)
_LARGE = (1000, 1000)
_HEADER = "Inference-Header-Content-Length"
_V2 = "/v2/models/{}/infer"
_PEERS = {"mlserver", "kserve", "triton"}
_MODEL = "identity"
"""The name of the peers' models."""
_WITHOUT_BINARY = {"mlserver"}


def open_inference(plan: Plan) -> Iterator[Finding]:
    """Measure calls with FP32, as JSON, as binary data and over gRPC, of four numbers and of a million."""
    values = np.random.default_rng(0)
    peers = [_peer(server) for server in plan.peers if server.name in _PEERS]
    for shape in (_SMALL, _LARGE):
        array = values.random(shape, np.float32)
        row = f"{array.shape[0]} x {array.shape[1]} FP32"
        yield from _over_rest(plan, row, array, peers)
        yield from _over_grpc(plan, f"gRPC, raw, {row}", array, peers)


def _peer(server: Server) -> Server:
    files = {name: text.replace("TYPE_FP64", "TYPE_FP32") for name, text in server.files.items()}
    return replace(server, path=_V2.format(_MODEL), files=files)


def _over_rest(plan: Plan, row: str, array: NDArray[np.float32], peers: list[Server]) -> Iterator[Finding]:
    v1 = b'{"data":{"tensor":{"shape":%b,"values":%b}}}' % (_dumped(array.shape), _dumped(array.reshape(-1)))
    own = replace(ours("REST", SELDON_PROTOCOLS="v1,v2"), path=_V2.format("Identity"))
    as_v1 = replace(ours("REST"), name="seldon, v1", body=v1)
    as_json = [replace(server, body=infer_body(array)) for server in (own, *peers)]
    measure = partial(_rate if array.shape == _SMALL else _round_trip, plan)
    yield from _measured(plan, f"JSON, {row}", [*as_json, as_v1], measure)
    takers = [bare_echo(), own, *(peer for peer in peers if peer.name not in _WITHOUT_BINARY)]
    in_json = replace(own, name="seldon, JSON", body=infer_body(array))
    in_turn = [*(_binary(server, array) for server in takers), in_json]
    yield from _measured(plan, f"binary, {row}", in_turn, measure)


def _over_grpc(plan: Plan, row: str, array: NDArray[np.float32], peers: list[Server]) -> Iterator[Finding]:
    as_v1 = replace(ours("GRPC"), name="seldon, v1")
    own = ours("GRPC", SELDON_PROTOCOLS="v1,v2")
    calls = {as_v1.name: tensor_rpc(array.astype(np.float64)), own.name: infer_rpc("Identity", array)}
    other = infer_rpc(_MODEL, array)

    def rate(server: Running) -> Mapping[str, float]:
        rpc = calls.get(server.server.name, other)
        return load.grpc(server, plan.load_processor, _CONNECTIONS, plan.seconds, rpc).measures()

    def round_trip(server: Running) -> Mapping[str, float]:
        with GrpcClient(server.grpc, calls.get(server.server.name, other)) as client:
            return client.round_trip()

    servers = [own, bare_grpc(), *peers, as_v1]
    yield from _measured(plan, row, servers, rate if array.shape == _SMALL else round_trip)


def _measured(
    plan: Plan, row: str, servers: list[Server], measure: Callable[[Running], Mapping[str, float]]
) -> Iterator[Finding]:
    with all_running(plan, servers) as started:
        subjects = {each.server.name: partial(measure, each) for each in started}
        yield from alternating(plan, "open_inference", row, subjects)


def _rate(plan: Plan, server: Running) -> Mapping[str, float]:
    return load.rest(server, plan.load_processor, _CONNECTIONS, plan.seconds).measures()


def _round_trip(plan: Plan, server: Running) -> Mapping[str, float]:
    return {"ms": median_ms(server.ask)}


def infer_body(array: NDArray[np.float32]) -> bytes:
    """Return a request with the input ``x`` of FP32 in JSON."""
    data = _dumped(array.reshape(-1))
    return b'{"inputs":[{"name":"x","shape":%b,"datatype":"FP32","data":%b}]}' % (_dumped(array.shape), data)


def binary_body(array: NDArray[np.float32]) -> tuple[bytes, Mapping[str, str]]:
    """Return a request with the input ``x`` of FP32 as binary data, and its headers."""
    size = {"binary_data_size": array.nbytes}
    tensor = {"name": "x", "shape": array.shape, "datatype": "FP32", "parameters": size}
    head = _dumped({"inputs": [tensor], "parameters": {"binary_data_output": True}})
    headers = {"Content-Type": "application/octet-stream", _HEADER: str(len(head))}
    return head + array.tobytes(), headers


def _binary(server: Server, array: NDArray[np.float32]) -> Server:
    body, headers = binary_body(array)
    return replace(server, body=body, headers=headers)


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
