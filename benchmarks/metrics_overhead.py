"""The cost of the metrics plugin: calls per second of one component with and without it.

    python benchmarks/metrics_overhead.py [--rounds 5] [--seconds 4] [--connections 16]

It needs ``wrk`` and ``taskset``, the core and the REST and metrics plugins. The servers run on one processor,
wrk on another, and the rounds of the servers alternate. Beside calls per second it prints the server's
processor time for a call; other programs on the machine disturb that less. Ratios are medians of the rounds'
ratios. In the end it times the plugin's own code, without a server.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sysconfig
import tempfile
import timeit
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from seldon_runtime.plugin import Call, Identity, Method, Metric, NeutralCodec, Outcome
from seldon_runtime_metrics.custom.counting import CustomMetrics
from seldon_runtime_metrics.custom.labels import custom_labels
from seldon_runtime_metrics.runtime.instruments import Instruments
from seldon_runtime_metrics.runtime.observer import RuntimeObserver
from seldon_runtime_metrics.series.store import Store
from seldon_runtime_metrics.shared.store import SharedStore

_MODELS = {
    "plain": "class Model:\n    def predict(self, X, features_names):\n        return X\n",
    "custom metrics": (
        "class Model:\n    def predict(self, X, features_names):\n        return X\n\n"
        "    def metrics(self):\n        return [\n"
        "            {'type': 'COUNTER', 'key': 'rows', 'value': 1},\n"
        "            {'type': 'GAUGE', 'key': 'level', 'value': 2.5, 'tags': {'zone': 'a'}},\n"
        "            {'type': 'TIMER', 'key': 'took', 'value': 20.2},\n"
        "        ]\n"
    ),
}
_BODY = '{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}'
_LUA = (
    "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
    f"wrk.body = '{_BODY}'\n"
    "done = function(summary) io.write('bad answers: ' .. summary.errors.status .. '\\n') end\n"
)


@contextmanager
def serving(folder: Path, processor: int, **environment: str) -> Iterator[tuple[int, int]]:
    """Run a pinned server of ``Model`` in ``folder``; yield its port and process id."""
    program = [f"{sysconfig.get_path('scripts')}/seldon-run", "Model", "REST"]
    server = subprocess.Popen(
        ["taskset", "-c", str(processor), *program],
        cwd=folder,
        env={
            **os.environ,
            "PREDICTIVE_UNIT_SERVICE_PORT": "0",
            "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0",
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        for line in server.stderr:
            if found := re.search(r"ready: .*?rest at \S+?:(\d+)", line):
                yield int(found[1]), server.pid
                return
        raise SystemExit("the server did not start")
    finally:
        server.terminate()
        server.communicate()


def processor_s(process: int) -> float:
    """Return the user and system time that a process has taken."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, script: Path, processor: int, connections: int, seconds: int) -> tuple[float, int]:
    """Run wrk once; return the calls per second, and the number of calls."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    output = subprocess.run(
        ["taskset", "-c", str(processor), *command, f"http://127.0.0.1:{port}/predict"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "bad answers: 0" in output, output
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    calls = re.search(r"(\d+) requests in", output)
    assert rate, output
    assert calls, output
    return float(rate[1]), int(calls[1])


def report(found: dict[str, list[tuple[float, float]]]) -> None:
    """Print a line for each kind of server. A round is a pair: calls per second, µs for a call."""
    for kind, rounds in found.items():
        rate, processor_us = (statistics.median(values) for values in zip(*rounds, strict=True))
        pairs = list(zip(rounds, found["without"], strict=True))
        ratios = [statistics.median(mine[part] / base[part] for mine, base in pairs) for part in (0, 1)]
        print(
            f"  {kind:8} {rate:6.0f} calls/s ({ratios[0]:.3f}), "
            f"{processor_us:5.1f} µs of processor time for a call ({ratios[1]:.3f})",
            flush=True,
        )


def measure_alone() -> None:
    """Print the microseconds of a call inside the plugin: the best of many runs with warm caches."""
    metrics = [
        Metric("rows", "COUNTER", 1.0),
        Metric("level", "GAUGE", 2.5, {"zone": "a"}),
        Metric("took", "TIMER", 20.2),
    ]
    print("in the plugin alone, without a server:")
    with tempfile.TemporaryDirectory() as folder:
        for kind, store in {"with": Store(), "shared": SharedStore(Path(folder))}.items():
            instruments = Instruments(store)
            observer = RuntimeObserver(instruments)
            custom = CustomMetrics(custom_labels(Identity()), store, instruments, max_series=1000)
            call = Call(Method.PREDICT, None, NeutralCodec(), "rest", request_bytes=70)
            outcome = Outcome(None, "OK", 0.0003, 0.0001, 60)
            plain_us = best_us(partial(one_call, observer, call, outcome))
            custom_us = best_us(partial(custom.count, Method.PREDICT, metrics))
            print(f"  {kind:8} {plain_us:.2f} µs for a call, {custom_us:.2f} µs for three custom metrics")


def one_call(observer: RuntimeObserver, call: Call, outcome: Outcome) -> None:
    """Notify the observer as the service does for one call."""
    observer.call_started(call)
    observer.call_finished(call, outcome)


def best_us(function: Callable[[], None], number: int = 2000, repeat: int = 100) -> float:
    """Return the best time of a call of ``function``, in microseconds."""
    return min(timeit.repeat(function, number=number, repeat=repeat)) / number * 1e6


def main() -> None:
    """Print one line for each model and kind of server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    server_processor, load_processor = sorted(os.sched_getaffinity(0))[:2]
    for name, source in _MODELS.items():
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            folder = Path(temporary)
            folder.joinpath("Model.py").write_text(source)
            script = folder / "post.lua"
            script.write_text(_LUA)
            shared = {"METRICS": "prometheus", "PROMETHEUS_MULTIPROC_DIR": f"{temporary}/metrics"}
            environments = {"without": {"METRICS": "0"}, "with": {"METRICS": "prometheus"}, "shared": shared}
            servers = {
                kind: stack.enter_context(serving(folder, server_processor, **environment))
                for kind, environment in environments.items()
            }
            found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in servers}
            for _ in range(options.rounds + 1):
                for kind, (port, process) in servers.items():
                    before = processor_s(process)
                    rate, calls = load(port, script, load_processor, options.connections, options.seconds)
                    found[kind].append((rate, (processor_s(process) - before) / calls * 1e6))
            print(f"{name}, {options.connections} connections, median of {options.rounds} rounds:")
            report({kind: rounds[1:] for kind, rounds in found.items()})
    measure_alone()


if __name__ == "__main__":
    main()
