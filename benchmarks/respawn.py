"""The time without an answer after the only worker was killed, until its successor answers.

    python -m benchmarks.respawn --kills 10

For each transport a client calls again and again; it opens a new connection when a call fails. The command
kills the worker with SIGKILL and measures the time until another process answers.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc

from benchmarks.load import PREDICT
from benchmarks.servers import ours
from seldon_runtime.transport.free_ports import free_ports
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

_SOURCE = """
import os

class Named:
    def predict(self, X, features_names):
        return str(os.getpid())
"""
_WAIT_S = 60.0
_PAUSE_S = 0.02  # a client without a pause would slow the successor down
_LOCAL = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.respawn", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--transports", nargs="+", default=["REST", "GRPC"])
    options = parser.parse_args()
    for transport in options.transports:
        seconds = [measured(transport) for _ in range(options.kills)]
        print(
            f"{transport}: the next answer came after {statistics.median(seconds):.2f} s"
            f" ({min(seconds):.2f} to {max(seconds):.2f})",
            flush=True,
        )


def measured(transport: str) -> float:
    """Return the seconds from the kill of the only worker to the first answer of its successor."""
    port = free_ports(1)[0]
    server = ours(transport)
    ask = {"REST": _rest, "GRPC": _grpc}[transport]
    environment = {
        "PREDICTIVE_UNIT_SERVICE_PORT": str(port),
        "METRICS": "0",
        "SELDON_MAX_REQUESTS": "1000000000",
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Named.py").write_text(_SOURCE)
        process = subprocess.Popen(
            [server.command[0], "Named", transport],
            cwd=folder,
            env={**os.environ, **environment},
            stderr=subprocess.DEVNULL,
        )
        try:
            victim = _other_than(None, ask, port)
            began = time.monotonic()
            os.kill(int(victim), signal.SIGKILL)
            _other_than(victim, ask, port)
            return time.monotonic() - began
        finally:
            process.terminate()
            process.wait()


def _other_than(victim: str | None, ask: Callable[[int], str], port: int) -> str:
    """Call until a process other than the victim answers; return its process id."""
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException, grpc.RpcError):
            found = ask(port)
            if found != victim:
                return found
        time.sleep(_PAUSE_S)
    raise SystemExit(f"nobody answered within {_WAIT_S:g} s")


def _rest(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WAIT_S)
    try:
        body = json.dumps({"strData": ""})
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        return str(json.loads(connection.getresponse().read())["strData"])
    finally:
        connection.close()


def _grpc(port: int) -> str:
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=_LOCAL) as channel:
        predict: Any = channel.unary_unary(PREDICT)
        answer = predict(SeldonMessage(strData="").SerializeToString(), timeout=_WAIT_S)
    found = re.search(rb"\d+", answer)
    assert found is not None
    return found[0].decode()


if __name__ == "__main__":
    main()
