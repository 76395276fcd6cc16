"""What 1000 x 1000 float64 cost over gRPC, against copying them with NumPy.

    python benchmarks/grpc_tensor.py [--size 1000] [--rounds 20]

Prints, for each form of the array, the time of one identity round trip in the codec (bytes of the request
to bytes of the answer) and over a real connection, and how far the memory of a fresh process rises in the
codec above what it held before the request came, the request included (Linux only).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from click import Command

from seldon_runtime import options
from seldon_runtime.call import Call
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.limits import Limits
from seldon_runtime.message import Kind, Message, Method, Payload
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_grpc import plugin
from seldon_runtime_grpc.codec import GrpcCodec


class Identity:
    """Answers what it got."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X


class AsLists:
    """Answers nested lists, as much existing code does."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X.tolist()


FORMS: dict[str, tuple[Kind, object]] = {
    "tensor": (Kind.TENSOR, Identity()),
    "tftensor": (Kind.TFTENSOR, Identity()),
    "ndarray": (Kind.NDARRAY, Identity()),
    "ndarray, lists answered": (Kind.NDARRAY, AsLists()),
}


def best_ms(function: Callable[[], object], rounds: int) -> float:
    """The shortest of several runs, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def rise_bytes(function: Callable[[], object]) -> int:
    """How far resident memory rises above its level now, at the most, while ``function`` runs."""
    before = _status_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far: proc_pid_clear_refs(5)
    function()
    return _status_bytes("VmHWM") - before


def _status_bytes(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024


def round_trip(name: str, array: Any) -> tuple[bytes, Callable[[], Any]]:
    """A request, and what answers it."""
    kind, user = FORMS[name]
    codec, component = GrpcCodec(Limits()), Component(user)
    request = codec.encode(Method.PREDICT, Message(Payload(kind, array)))
    return request, lambda: component.answer(Call(Method.PREDICT, request, codec, "grpc"))


def peak_in_payloads(name: str, size: int) -> str:
    """Measured by a process of its own, so that nothing is there to be used again."""
    command = [sys.executable, __file__, "--size", str(size), "--peak-of", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def print_peak(name: str, size: int) -> None:
    """What :func:`peak_in_payloads` reads."""
    round_trip(name, np.ones((2, 2)))[1]()  # so that imports and caches do not count
    request, trip = round_trip(name, np.random.default_rng(0).random((size, size)))
    print(f"{(rise_bytes(trip) + len(request)) / (size * size * 8):.1f}")


def over_a_connection_ms(user: object, request: bytes, rounds: int) -> float:
    """The round trip between a client and a server in this process."""
    params = [*options.options(), *plugin.seldon_options()]
    arguments = ["--host", "127.0.0.1", "--grpc-port", "0"]
    values = Command("seldon-run", params=list(params)).make_context("seldon-run", arguments).params
    executor = Executor()
    executor.start()
    transport = plugin.seldon_transport(Service(Component(user), executor), Settings(values))
    transport.start()
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(transport.address.partition("//")[2], options=unlimited) as channel:
        ask: Any = channel.unary_unary("/seldon.protos.Model/Predict")
        taken = best_ms(lambda: ask(request), rounds)
    transport.stop_accepting()
    transport.stop(5)
    executor.stop(5)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--peak-of", choices=FORMS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size, rounds = arguments.size, arguments.rounds
    if arguments.peak_of:
        print_peak(arguments.peak_of, size)
        return
    array = np.random.default_rng(0).random((size, size))

    def copy_four_times() -> list[Any]:
        copies = [array]
        for _ in range(4):
            copies.append(copies[-1].copy())
        return copies

    copies_ms = best_ms(copy_four_times, rounds)
    print(f"{size} x {size} float64 = {array.nbytes / 1e6:.1f} MB; four NumPy copies: {copies_ms:.2f} ms")
    print(f"{'':24}{'codec ms':>10}{'copies':>8}{'connection ms':>15}{'peak / payload':>16}")
    for name, (_, user) in FORMS.items():
        request, trip = round_trip(name, array)
        few = max(2, rounds // 10) if isinstance(user, AsLists) else rounds
        taken = best_ms(trip, few)
        connected = over_a_connection_ms(user, request, few)
        peak = peak_in_payloads(name, size)
        print(f"{name:24}{taken:10.2f}{taken / copies_ms:7.1f}x{connected:15.1f}{peak:>15}x")


if __name__ == "__main__":
    main()
