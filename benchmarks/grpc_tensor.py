"""The cost of 1000 x 1000 float64 over gRPC, compared with copying them with NumPy.

    python benchmarks/grpc_tensor.py [--size 1000] [--rounds 20]

For each form of the array it prints the time of one identity round trip. One time is for the codec alone,
from the bytes of the request to the bytes of the response; the other one is for a real connection.
It also prints the peak memory of the codec in a fresh process, the request included (Linux only).
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

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings import options
from seldon_runtime.settings.values import Settings
from seldon_runtime.transport.sockets import OwnSockets
from seldon_runtime_grpc import plugin
from seldon_runtime_grpc.v1.codec import GrpcCodec


class Identity:
    """A component that returns its input."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X


class AsLists:
    """A component that returns nested lists, as much existing code does."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X.tolist()


FORMS: dict[str, tuple[Kind, object]] = {
    "tensor": (Kind.TENSOR, Identity()),
    "tftensor": (Kind.TFTENSOR, Identity()),
    "ndarray": (Kind.NDARRAY, Identity()),
    "ndarray, lists answered": (Kind.NDARRAY, AsLists()),
}


def best_ms(function: Callable[[], object], rounds: int) -> float:
    """Return the time of the shortest of several runs, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def rise_bytes(function: Callable[[], object]) -> int:
    """Return by how many bytes resident memory rises at its peak while ``function`` runs."""
    before = _status_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far: proc_pid_clear_refs(5)
    function()
    return _status_bytes("VmHWM") - before


def _status_bytes(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024


def round_trip(name: str, array: Any) -> tuple[bytes, Callable[[], Any]]:
    """Return a request, and a function that answers it."""
    kind, user = FORMS[name]
    codec, component = GrpcCodec(Limits()), ComponentAdapter(user)
    request = codec.write(Method.PREDICT, Message(Payload(kind, array)))
    pipeline = Pipeline(component, lambda call: {}, (), _refuse_stream)
    return request, lambda: pipeline.run(Call(Method.PREDICT, request, codec, "grpc"))


def _refuse_stream(call: Call, stream: object) -> None:
    raise AssertionError("an identity component returns no stream")


def peak_in_payloads(name: str, size: int) -> str:
    """Return the peak as a multiple of the payload, from a fresh process that has no memory to reuse."""
    command = [sys.executable, __file__, "--size", str(size), "--peak-of", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def print_peak(name: str, size: int) -> None:
    """Print the peak for :func:`peak_in_payloads`."""
    round_trip(name, np.ones((2, 2)))[1]()  # fill the caches and import everything first
    request, trip = round_trip(name, np.random.default_rng(0).random((size, size)))
    print(f"{(rise_bytes(trip) + len(request)) / (size * size * 8):.1f}")


def over_a_connection_ms(user: object, request: bytes, rounds: int) -> float:
    """Return the time of a round trip between a client and a server in this process."""
    params = [*options.options(), *plugin.seldon_options()]
    arguments = ["--host", "127.0.0.1", "--grpc-port", "0"]
    values = Command("seldon-run", params=list(params)).make_context("seldon-run", arguments).params
    executor = Executor()
    executor.start()
    service = ComponentService(Unit(ComponentAdapter(user), executor))
    transport = plugin.seldon_transport(service, Settings(values), PluginSet([]), OwnSockets())
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
