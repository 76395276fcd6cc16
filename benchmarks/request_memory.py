"""The memory that reading a request takes: estimated, and measured in a process of its own.

    python -m benchmarks.request_memory

prints, for requests of many kinds, how many times the size of the request the estimate is, and how much the
process grew. An estimate that is lower than the growth would be a fault.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
_SIZE = 8 * MIB
_WARM_UP = 20_000
_NO_LIMIT = 2**50
_CLEAR_PEAK = "5"
"""Written to ``clear_refs``, it makes the peak what the process has now (proc_pid_clear_refs(5))."""

Make = Callable[[int], bytes]


def _repeated(before: bytes, item: bytes, after: bytes) -> Make:
    return lambda size: before + item * (size // len(item)) + after


def _field(number: int, data: bytes) -> bytes:
    from seldon_runtime_grpc.v1 import wire

    return wire.head(number, len(data)) + data


def _data(number: int, data: bytes) -> bytes:
    return _field(3, _field(number, data))


def _count(count: int) -> bytes:
    from seldon_runtime_grpc.v1 import wire

    return _field(1, wire.varint(count))


def _sized(count: int) -> bytes:
    from seldon_runtime_grpc.v1 import wire

    return _field(2, _field(2, b"\x08" + wire.varint(count)))


REST: Mapping[str, Make] = {
    "text": _repeated(b'{"strData":"', b"a", b'"}'),
    "text with one emoji": _repeated(b'{"strData":"', b"a", b'\xf0\x9f\x98\x80"}'),
    "binary data": _repeated(b'{"binData":"', b"aaaa", b'"}'),
    "array of 12-digit numbers": _repeated(b'{"data":{"ndarray":[', b"0.1234567891,", b"0]}}"),
    "rows of small numbers": _repeated(b'{"data":{"ndarray":[', b"[1,2.5,3],", b"[0,0,0]]}}"),
    "zeros": _repeated(b'{"data":{"ndarray":[', b"0,", b"0]}}"),
    "texts": _repeated(b'{"data":{"ndarray":[', b'"abc",', b'"a"]}}'),
    "numbers beside a text": _repeated(b'{"data":{"ndarray":["a",', b"1.5,", b"0]}}"),
    "records": _repeated(b'{"jsonData":[', b'{"age":12,"height":1.85,"name":"Joe"},', b"{}]}"),
    "empty lists": _repeated(b'{"jsonData":[', b"[],", b"[]]}"),
    "nested lists": _repeated(b'{"jsonData":[', b"[[[[0]]]],", b"[]]}"),
}
GRPC: Mapping[str, Make] = {
    "text": lambda size: _field(5, b"a" * size),
    "text with one emoji": lambda size: _field(5, b"a" * size + "\U0001f600".encode()),
    "tensor": lambda size: _data(2, _count(size // 8) + _field(2, b"\0" * (size // 8 * 8))),
    "ndarray of numbers": lambda size: _data(3, (b"\x0a\x09\x11" + b"\0" * 8) * (size // 11)),
    "ndarray of nulls": lambda size: _data(3, b"\x0a\x02\x08\x00" * (size // 4)),
    "tftensor content": lambda size: _data(
        4, b"\x08\x02" + _sized(size // 8) + _field(4, b"\0" * (size // 8 * 8))
    ),
    "tftensor of int64": lambda size: _data(
        4, b"\x08\x09" + _sized(size // 2) + _field(10, b"\xff\x7f" * (size // 2))
    ),
    "metrics": lambda size: _field(5, b"x") + _field(2, b"\x2a\x00" * (size // 2)),
}
TRANSPORTS = {"REST": REST, "gRPC": GRPC}


def main() -> None:
    """Print a line for each kind of request."""
    print(f"{'request':34}{'estimate':>10}{'measured':>10}   times its {_SIZE // MIB} MiB")
    for transport, kinds in TRANSPORTS.items():
        for name in kinds:
            program = [sys.executable, "-m", "benchmarks.request_memory", transport, name]
            found = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
            shown = f"{found['estimate'] / found['size']:10.1f}{found['grown'] / found['size']:10.1f}"
            print(f"{transport + ' ' + name:34}{shown}")


def child(transport: str, name: str) -> None:
    """Read one request, and print its size, the estimate and the growth of this process."""
    from seldon_runtime.component.inspection.received_arrays import ArrayReading
    from seldon_runtime.plugin import Limits, Method, SeldonError

    received = ArrayReading().receive(None)  # as a method without a type hint receives it
    codec, make = _codec(transport, Limits(max_request_memory=_NO_LIMIT)), TRANSPORTS[transport][name]
    wire = make(_SIZE)
    outcome: list[Any] = []
    for each in (make(_WARM_UP), wire):
        Path("/proc/self/clear_refs").write_text(_CLEAR_PEAK)
        before = _status("VmRSS")
        try:
            request: Any = codec.read(Method.PREDICT, each)
            outcome = [request, received(request.payload.value)]
        except SeldonError as error:  # some arrays fit no shape, which is found at the end
            outcome = [error]
    grown = _status("VmHWM") - before
    assert outcome
    estimate = _codec(transport, Limits()).memory(Method.PREDICT, wire)
    print(json.dumps({"size": len(wire), "estimate": estimate, "grown": grown}))


def _codec(transport: str, limits: Any) -> Any:
    if transport == "gRPC":
        from seldon_runtime_grpc.v1.codec import GrpcCodec

        return GrpcCodec(limits)
    from seldon_runtime_rest.v1.codec import RestCodec
    from seldon_runtime_rest.v1.json_text import dumper

    return RestCodec(limits, dumper())


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    if sys.argv[1:]:
        child(*sys.argv[1:])
    else:
        main()
