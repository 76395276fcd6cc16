"""The sections that measure whole servers."""

from __future__ import annotations

import http.client
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import numpy as np
import orjson

from benchmarks import load
from benchmarks.fixed_rate import latencies_ms
from benchmarks.grpc_client import GrpcClient, tensor_rpc
from benchmarks.measuring import Finding, Plan, Subjects, all_running, alternating, median_ms
from benchmarks.running import Running, running
from benchmarks.servers import Server, bare_grpc, bare_rest, ours
from seldon_runtime.plugins.registry import METRICS, installed

RATES = (100, 500, 1000, 2000, 4000)
CONNECTIONS = (1, 4, 16, 64, 256, 1000)
SIZES = tuple(10**power for power in range(8))
_PERCENTILES = (50, 90, 99, 99.9, 100)
_LARGE = 1000
_REDIS = "redis-server"
_EVERY_SECOND = {"PERSISTENCE_INTERVAL_S": "1"}


def throughput(plan: Plan) -> Iterator[Finding]:
    """Measure calls per second at full load."""
    with all_running(plan, [ours("REST"), bare_rest(), *plan.peers]) as servers:
        for connections, row in ((16, "REST, 16 connections"), (1, "REST, 1 connection")):
            yield from alternating(
                plan,
                "throughput",
                row,
                {s.server.name: partial(_rest, plan, s, connections) for s in servers},
            )
    peers = [peer for peer in plan.peers if peer.speaks_grpc]
    with all_running(plan, [ours("GRPC"), bare_grpc(), *peers]) as servers:
        subjects = {s.server.name: partial(_grpc, plan, s, 16) for s in servers}
        yield from alternating(plan, "throughput", "gRPC, 16 streams, 54-byte tensor", subjects)


def large(plan: Plan) -> Iterator[Finding]:
    """Measure the round trip of 1000 x 1000 numbers as JSON."""
    rows = np.random.default_rng(0).random((_LARGE, _LARGE)).tolist()
    with all_running(plan, [ours("REST"), bare_rest(), *plan.peers]) as servers:
        bodies = {s.server.name: s.server.body_of(rows) for s in servers}
        subjects = {s.server.name: partial(_round_trip, s, bodies[s.server.name]) for s in servers}
        yield from alternating(plan, "large", f"REST, {_LARGE} x {_LARGE} numbers", subjects)


def start(plan: Plan) -> Iterator[Finding]:
    """Measure the time from exec until the server says that it is ready, and its memory after a few calls."""

    def once(server: Server) -> Mapping[str, float]:
        with running(server, plan.server_processor) as started:
            for _ in range(20):
                started.ask()
            return {"s until ready": started.ready_s, "MiB (PSS)": started.pss_mib}

    servers = [ours("REST"), bare_rest(), *plan.peers]
    yield from alternating(plan, "start", "REST", {s.name: partial(once, s) for s in servers})


def latency(plan: Plan) -> Iterator[Finding]:
    """Measure percentiles of the latency at fixed rates. A server that falls behind has no percentiles."""
    with all_running(plan, [ours("REST"), bare_rest(), *plan.peers]) as servers:
        for rate in RATES:
            for server in servers:
                found = _pooled(server, rate, plan)
                for percentile in _PERCENTILES if found else ():
                    name = "max" if percentile == 100 else f"p{percentile:g}"
                    value = float(np.percentile(found, percentile))
                    yield Finding("latency", f"{rate} calls/s", server.server.name, f"{name} ms", [value])


def connections(plan: Plan) -> Iterator[Finding]:
    """Measure calls per second with more and more connections."""
    with all_running(plan, [ours("REST"), bare_rest()]) as servers:
        for count in CONNECTIONS:
            subjects = {s.server.name: partial(_rest, plan, s, count) for s in servers}
            yield from alternating(plan, "connections", str(count), subjects)


def sizes(plan: Plan) -> Iterator[Finding]:
    """Measure the time of a round trip with more and more numbers."""
    with all_running(plan, [ours("REST,GRPC"), bare_rest(), bare_grpc()]) as (seldon, rest, grpc):
        for size in SIZES:
            array = np.random.default_rng(0).random(size).round(4).reshape(-1, min(size, 10))
            body = b'{"data":{"ndarray":%b}}' % orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)
            subjects: Subjects = {
                "seldon": partial(_round_trip, seldon, body),
                "bare": partial(_round_trip, rest, body),
            }
            yield from alternating(plan, "sizes", f"REST {size}", subjects)
            rpc = tensor_rpc(array)
            with GrpcClient(seldon.grpc, rpc) as ours_, GrpcClient(grpc.grpc, rpc) as bare:
                subjects = {"seldon": ours_.round_trip, "bare": bare.round_trip}
                yield from alternating(plan, "sizes", f"gRPC {size}", subjects)


def workers(plan: Plan) -> Iterator[Finding]:
    """Measure calls per second with more workers, on the same processors as the load generator."""
    for count in (1, 2, 4):
        with running(ours("REST", "--workers", str(count)), None) as server:
            yield from alternating(plan, "workers", str(count), {"seldon": partial(_rest, plan, server, 64)})


def plugins(plan: Plan) -> Iterator[Finding]:
    """Measure the cost of each plugin for calls that make no other use of it."""
    plain = ours("REST")
    with ExitStack() as stack:
        variants = [
            plain,
            *(_with_metrics(plain) if installed(METRICS) else ()),
            plain.changed("persistence in a file", PERSISTENCE="file", **_EVERY_SECOND),
            *(_with_redis(plain, plan, stack) if shutil.which(_REDIS) else ()),
            replace(ours("REST,GRPC"), name="gRPC beside REST"),
            plain.changed("access log", "--access-log"),
        ]
        servers = stack.enter_context(all_running(plan, variants))
        subjects = {s.server.name: partial(_rest, plan, s, 16) for s in servers}
        yield from alternating(plan, "plugins", "REST, 16 connections", subjects)
    with all_running(plan, _grpc_variants(ours("GRPC"))) as servers:
        subjects = {s.server.name: partial(_grpc, plan, s, 16) for s in servers}
        yield from alternating(plan, "plugins", "gRPC, 16 streams, 54-byte tensor", subjects)


def _grpc_variants(plain: Server) -> list[Server]:
    return [
        plain,
        *(_with_metrics(plain) if installed(METRICS) else ()),
        plain.changed("access log", "--access-log"),
        plain.changed("a thread for each call", "--grpc-threads", "32"),
        plain.changed("sockets read by the thread that polls", GRPC_EXPERIMENTS="-event_engine_listener"),
    ]


def _with_redis(plain: Server, plan: Plan, stack: ExitStack) -> list[Server]:
    program = Server("redis", (_REDIS, "--port", "{grpc}", "--save", ""), ready="")
    redis = stack.enter_context(running(program, plan.load_processor))
    place = {"REDIS_SERVICE_HOST": "127.0.0.1", "REDIS_SERVICE_PORT": str(redis.grpc)}
    return [plain.changed("persistence in Redis", PERSISTENCE="redis", **place, **_EVERY_SECOND)]


def _with_metrics(plain: Server) -> list[Server]:
    return [plain.changed("metrics", METRICS="prometheus", PREDICTIVE_UNIT_METRICS_SERVICE_PORT="0")]


def _rest(plan: Plan, server: Running, count: int) -> Mapping[str, float]:
    return load.rest(server, plan.load_processor, count, plan.seconds).measures()


def _grpc(plan: Plan, server: Running, streams: int) -> Mapping[str, float]:
    return load.grpc(server, plan.load_processor, streams, plan.seconds).measures()


def _round_trip(server: Running, body: bytes) -> Mapping[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.http, timeout=600)
    headers = {"Content-Type": "application/json"}

    def ask() -> None:
        connection.request("POST", server.server.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{server.server.name} answered {answer.status}: {text[:500]!r}")

    try:
        return {"ms": median_ms(ask)}
    finally:
        connection.close()


def _pooled(server: Running, rate: int, plan: Plan) -> list[float]:
    """Return the latencies of all rounds together: one round has too few calls for rare latencies."""
    found: list[float] = []
    latencies_ms(server, min(rate, 100), 1)
    for _ in range(plan.rounds):
        more = latencies_ms(server, rate, plan.seconds)
        if more is None:
            return []
        found += more
    return found
