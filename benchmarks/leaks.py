"""A search for leaks: many calls of one kind, and the server's memory after each tenth of them.

    python -m benchmarks.leaks                            # every kind of the soak, each with its own server
    python -m benchmarks.leaks grpc-nothing --calls 200000
    python -m benchmarks.leaks grpc-nothing --bare        # a server of grpcio alone

After every tenth of the calls the command prints the server's own memory (PSS without files) and its parts:

- ``threads``: the number of threads;
- ``blocks``: Python's small objects;
- ``used``: memory that the C library's allocator has handed out;
- ``unused``: memory that the allocator keeps for later.

A leak makes ``blocks`` or ``used`` grow with the calls. If only the memory or ``unused`` grows, the memory is
fragmented, and the growth ends.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from typing import Any

import grpc

from benchmarks.load import PREDICT
from benchmarks.running import Running, running
from benchmarks.servers import PROGRAMS, Server, ours
from benchmarks.soak_clients import FEEDBACK
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage

_CONCURRENT = 8
_CONNECTIONS_RATE = 200
_FEWER = 20
"""Divide the number of calls by this for a kind that opens a connection for each call."""
_OWN = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


@dataclass(frozen=True)
class Kind:
    """Calls of one kind."""

    path: str
    body: bytes
    content_type: str = "application/json"
    connects: bool = False
    """True if each call opens a connection of its own."""

    @property
    def over_grpc(self) -> bool:
        """True for calls over gRPC."""
        return self.content_type == "application/grpc"


def _rest(body: str, path: str = "/predict", **options: object) -> Kind:
    return Kind(path, body.encode(), **options)  # type: ignore[arg-type]


def _grpc(message: SeldonMessage | Feedback, path: str = PREDICT, **options: object) -> Kind:
    content = message.SerializeToString()
    framed = struct.pack(">BI", 0, len(content)) + content
    return Kind(path, framed, "application/grpc", **options)  # type: ignore[arg-type]


def _tensor() -> SeldonMessage:
    message = SeldonMessage()
    message.data.tensor.shape.extend((10, 10))
    message.data.tensor.values.extend(map(float, range(100)))
    return message


KINDS = {
    "rest-array": _rest('{"data":{"ndarray":[[1,2.5],[-1,0.125]]}}'),
    "rest-text": _rest('{"strData":"1"}'),
    "rest-feedback": _rest(
        '{"request":{"data":{"ndarray":[[1]]},"meta":{"puid":"1"}},"reward":1.0}', "/send-feedback"
    ),
    "rest-form": _rest('json={"strData":"1"}', content_type="application/x-www-form-urlencoded"),
    "rest-ragged": _rest('{"data":{"ndarray":[[1],[1,2]]}}'),
    "rest-connections": _rest('{"strData":"1"}', connects=True),
    "grpc-tensor": _grpc(_tensor()),
    "grpc-text": _grpc(SeldonMessage(strData="1")),
    "grpc-feedback": _grpc(Feedback(reward=1.0, request=SeldonMessage(strData="x")), FEEDBACK),
    "grpc-nothing": _grpc(SeldonMessage()),
    "grpc-connections": _grpc(SeldonMessage(strData="1"), connects=True),
}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.leaks", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--bare", action="store_true", help="measure a server of grpcio alone")
    options = parser.parse_args()
    subject = _bare() if options.bare else _server(options.workers)
    for name in options.kinds or [kind for kind in KINDS if KINDS[kind].over_grpc or not options.bare]:
        print(f"{name}, {subject.name}, {options.workers} worker(s)", flush=True)
        kind = KINDS[name]
        part = options.calls // (10 * (_FEWER if kind.connects else 1))
        with running(subject, None) as server:
            for done in range(0, 10 * part + 1, part):
                if done:
                    make(server, kind, part)
                print(f"{done:8}  {_weight(server, options.workers)}", flush=True)


def make(server: Running, kind: Kind, calls: int) -> None:
    """Make calls as fast as the server answers them. Raise SystemExit if a call fails."""
    port = server.grpc if kind.over_grpc else server.http
    with tempfile.NamedTemporaryFile() as body:
        body.write(kind.body)
        body.flush()
        command = ["h2load", "-t1", f"-n{calls}", "-d", body.name, "-H", f"content-type: {kind.content_type}"]
        command += ["-H", "te: trailers"] if kind.over_grpc else ["--h1"]
        command += [f"-c{calls if kind.connects else _CONCURRENT}", "-m1"]
        command += ["--rate", str(min(_CONNECTIONS_RATE, calls))] if kind.connects else []
        ended = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{kind.path}"], check=True, capture_output=True, text=True
        )
    if f"{calls} done" not in ended.stdout or " 0 errored, 0 timeout" not in ended.stdout:
        raise SystemExit(ended.stdout)


def _server(workers: int) -> Server:
    server = ours(
        "REST,GRPC",
        *("--workers", str(workers)),
        *(
            "--grpc-max-connection-age",
            "86400",
            "--http-max-connection-age",
            "86400",
        ),  # h2load stops when its connection is closed
        METRICS="prometheus",
        PREDICTIVE_UNIT_METRICS_SERVICE_PORT="{other}",
    )
    program, _, *words = server.command
    return replace(server, command=(program, "Weighed", *words), files=_sources())


def _bare() -> Server:
    return Server("bare", (sys.executable, str(PROGRAMS / "bare_weighed.py"), "{grpc}"), ready="")


def _sources() -> dict[str, str]:
    return {name: (PROGRAMS / name).read_text() for name in ("Soaked.py", "Weighed.py")}


def _weight(server: Running, workers: int) -> str:
    """Return a line about the memory of all processes that answer calls."""
    parts: dict[int, dict[str, int]] = {}
    while len(parts) < workers:
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc}", options=_OWN) as channel:
            predict: Any = channel.unary_unary(PREDICT)
            answer = predict(SeldonMessage(strData="weigh").SerializeToString())
        text = answer.decode("latin-1")
        told, _ = json.JSONDecoder().raw_decode(text, text.index('{"process"'))
        parts[told.pop("process")] = told
    whole = {name: sum(part[name] for part in parts.values()) for name in told}
    found = f"{server.own_mib:7.2f} MiB  {whole['threads']:4} threads  {whole['blocks']:8} blocks"
    return found + "".join(f"  {whole[name] / 2**20:7.2f} MiB {name}" for name in ("used", "unused"))


if __name__ == "__main__":
    main()
