"""Load generators that call as fast as a server answers: wrk over HTTP/1.1, h2load over gRPC."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.running import Running

TENSOR = bytes.fromhex(
    "1a340a01610a01620a01630a016412260a0201041220"  # data{names a b c d, tensor{shape 1 4, values
    "000000000000f03f000000000000004000000000000008400000000000001040"  # 1 2 3 4}}
)
"""A SeldonMessage of 54 bytes."""
PREDICT = "/seldon.protos.Model/Predict"
_WITH_FAILURES = {"incumbent", "bentoml"}
"""Peers that close connections, or answer with 503, while others are measured on."""


@dataclass(frozen=True)
class Rpc:
    """A call over gRPC. Its response has at least ``least_bytes``: an error response carries no message."""

    path: str
    message: bytes
    least_bytes: int


_TENSOR_RPC = Rpc(PREDICT, TENSOR, len(TENSOR))


@dataclass(frozen=True)
class Load:
    """The result of one run."""

    rate: float
    """Calls per second."""
    processor_us: float
    """The server's processor time for a call, in microseconds."""

    def measures(self) -> Mapping[str, float]:
        """Return both by the names of the page."""
        return {"calls/s": self.rate, "µs of processor per call": self.processor_us}


def missing_programs() -> list[str]:
    """Return the programs that must be installed first."""
    return [name for name in ("wrk", "h2load") if shutil.which(name) is None]


def rest(server: Running, processor: int, connections: int, seconds: float) -> Load:
    """Run wrk on its own processor, with one outstanding call on each connection. Blocks for ``seconds``.

    Raises:
        SystemExit: a response had another status than 200.
    """
    body = "".join(f"\\{byte:03}" for byte in server.server.body)  # the escapes of Lua
    headers = "".join(f"wrk.headers['{name}'] = '{value}'\n" for name, value in server.server.headers.items())
    script = (
        f"wrk.method = 'POST'\n{headers}wrk.body = '{body}'\n"
        "done = function(summary) local e = summary.errors\n"
        "io.write('bad: ' .. e.status + e.connect + e.read + e.write + e.timeout .. '\\n') end\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", file.name]
        output, processor_s = _measured(
            [*command, f"http://127.0.0.1:{server.http}{server.server.path}"], server, processor
        )
    if "bad: 0" not in output and server.server.name.split()[0] not in _WITH_FAILURES:
        raise SystemExit(f"{server.server.name} failed calls:\n{output}")
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", output))
    return Load(rate, processor_s / _some(r"(\d+) requests in", output) * 1e6)


def grpc(server: Running, processor: int, streams: int, seconds: float, rpc: Rpc = _TENSOR_RPC) -> Load:
    """Run h2load on its own processor, with ``streams`` calls at a time on one connection.

    Blocks for ``seconds``.

    Raises:
        SystemExit: a call failed, or the responses are too small.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "message")
        data.write_bytes(struct.pack(">BI", 0, len(rpc.message)) + rpc.message)
        command = ["h2load", "-c1", "-t1", f"-m{streams}", f"-D{seconds:.0f}", "-d", str(data)]
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        output, processor_s = _measured(
            [*command, *headers, f"http://127.0.0.1:{server.grpc}{rpc.path}"], server, processor
        )
    done, failed = _some(r"(\d+) succeeded", output), int(_found(r"(\d+) failed", output))
    data_bytes = int(_found(r"\((\d+)\) data", output))
    if failed or data_bytes < done * rpc.least_bytes:
        raise SystemExit(f"{server.server.name} failed calls:\n{output}")
    return Load(float(_found(r"([\d.]+) req/s", output)), processor_s / done * 1e6)


def one_by_one(servers: Sequence[Running], processor: int, connections: int, seconds: float) -> Load:
    """Call servers over REST one by one, each with the answer of the one before. Blocks for ``seconds``.

    Threads on one processor are the clients: each keeps a connection to every server.

    Raises:
        SystemExit: a response had another status than 200.
    """
    end = time.perf_counter() + seconds
    before = sum(server.processor_s for server in servers)
    with ThreadPoolExecutor(connections, initializer=os.sched_setaffinity, initargs=(0, {processor})) as pool:
        began = time.perf_counter()
        calls = sum(pool.map(lambda _: _calls_until(end, servers), range(connections)))
        taken = time.perf_counter() - began
    processor_s = sum(server.processor_s for server in servers) - before
    return Load(calls / taken, processor_s / calls * 1e6)


def _calls_until(end: float, servers: Sequence[Running]) -> int:
    kept = [server.connection() for server in servers]
    calls = 0
    while time.perf_counter() < end or not calls:
        body = servers[0].server.body
        for server, connection in zip(servers, kept, strict=True):
            body = server.ask_over(connection, body)
        calls += 1
    for connection in kept:
        connection.close()
    return calls


def _measured(command: list[str], server: Running, processor: int) -> tuple[str, float]:
    """Return the output of the load generator, and the server's processor time during the run."""
    before = server.processor_s
    ended = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
    )
    return ended.stdout, server.processor_s - before


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"the load generator printed no {pattern!r}:\n{text}")
    return found[1]


def _some(pattern: str, text: str) -> int:
    number = int(_found(pattern, text))
    if not number:
        raise SystemExit(f"no call was answered within the time; try more --seconds:\n{text}")
    return number
