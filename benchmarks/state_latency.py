"""The cost of saving a large state: latency of small calls without and with persistence.

    python benchmarks/state_latency.py [--megabytes 100] [--seconds 15] [--interval 2]

One client sends a call every 2 ms over one connection to a real ``seldon-run``, and each call changes the
state. The command needs ``seldon-runtime-rest``, ``seldon-runtime-persistence-redis`` and a Redis server.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

MODEL = """
import numpy as np

class Large:
    def __init__(self, megabytes, kind):
        self.count = 0
        size = megabytes * 125_000
        if kind == "array":
            self.state = np.random.default_rng(0).random(size)
        else:  # about as large when pickled
            self.state = {number: float(number) for number in range(size * 8 // 14)}

    def predict(self, X, names):
        self.count += 1
        return X
"""
BODY = b'{"data":{"ndarray":[[1.0,2.0]]}}'


@contextmanager
def serving(
    folder: Path, megabytes: int, kind: str, *words: str, **variables: str
) -> Iterator[tuple[int, Path]]:
    """Run a server; yield its port and log."""
    log = folder / "log"
    parameters = (
        f'[{{"name":"megabytes","value":"{megabytes}","type":"INT"}},'
        f'{{"name":"kind","value":"{kind}","type":"STRING"}}]'
    )
    command = [f"{sysconfig.get_path('scripts')}/seldon-run", "Large", "REST", "--parameters", parameters]
    environment = {**os.environ, "PREDICTIVE_UNIT_SERVICE_PORT": "0", "METRICS": "0", **variables}
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, *words], cwd=folder, env=environment, stdout=output, stderr=output
        )
    try:
        while not (ready := re.search(r"ready: rest at \S+:(\d+)", log.read_text())):
            if server.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.05)
        yield int(ready[1]), log
    finally:
        server.terminate()
        server.wait()


def latencies_ms(port: int, seconds: float) -> np.ndarray:
    """Return the latency of each call, (n_calls,), as if each call had been sent when it was due."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    found = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
        connection.getresponse().read()
        took = time.perf_counter() - began
        found.append(took * 1000)
        # calls that were due during this one would have waited too (coordinated omission)
        found += [(took - late) * 1000 for late in np.arange(0.002, took, 0.002)]
        time.sleep(max(0.0, 0.002 - took))
    return np.array(found)


def report(name: str, found: np.ndarray, log: Path) -> None:
    """Print the latencies, and the pauses in the log."""
    pauses = [float(pause) for pause in re.findall(r"[1-9]\d* bytes, (\S+) ms until", log.read_text())]
    p50, p99 = np.percentile(found, [50, 99])
    print(
        f"{name:15} {len(found):6} {p50:8.2f} {p99:8.2f} {found.max():8.1f} {len(pauses):5} "
        f"{np.median(pauses or [0]):9.1f}",
        flush=True,
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--interval", default="2")
    parser.add_argument("--kinds", nargs="+", default=["array", "dict"])
    options = parser.parse_args()
    from seldon_runtime_persistence_redis.testing import RedisServer, redis_program

    redis = RedisServer(redis_program() or sys.exit("no redis-server"))
    stores = {
        "none": ([], {}),
        "file": (["--persistence", "file"], {}),
        "redis": (["--persistence", "redis"], redis.environment),
    }
    print(f"{options.megabytes} MB, a save every {options.interval} s")
    print(f"{'':24}calls: p50 ms   p99 ms   max ms  saves: pause ms")
    try:
        for kind in options.kinds:
            for store, (words, variables) in stores.items():
                with tempfile.TemporaryDirectory() as folder:
                    Path(folder, "Large.py").write_text(MODEL)
                    words = [*words, "--persistence-interval", options.interval, "--log-level", "DEBUG"]
                    with serving(Path(folder), options.megabytes, kind, *words, **variables) as (port, log):
                        latencies_ms(port, 1)
                        report(f"{kind}, {store}", latencies_ms(port, options.seconds), log)
    finally:
        redis.close()


if __name__ == "__main__":
    main()
