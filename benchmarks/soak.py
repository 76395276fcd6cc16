"""Whether two workers answer every call, and keep their memory, at 70 % load for a long time.

    python -m benchmarks.soak --minutes 30

REST and gRPC clients first find out how many calls they get through when none of them pauses; then they make
70 % of that, each call at its time, and check every answer. Custom metrics are counted, and the page is
scraped, all along. Memory is the PSS of all the server's processes, where pages that several share count
once, without files on a disk: what other programs share of these depends on the other programs.

A server's memory grows at first: imports that wait for the first use, threads, pools and the allocator's
arenas fill up, whatever it leaks. So the first fifth does not count, and what counts afterwards is the
median of many samples at the beginning against that of as many at the end. A leak grows with the calls: the
medians of ten equal parts, printed too, show whether memory rises on or has settled.

Ends with 1 when a call failed, the page counted other calls than the clients, or memory grew by 2 % or more.
"""

from __future__ import annotations

import argparse
import itertools
import re
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.request import urlopen

from benchmarks.running import Running, running
from benchmarks.servers import PROGRAMS, Server, ours
from benchmarks.soak_clients import Clients

_CAPACITY_S = 10.0
_SCRAPE_S = 15.0
_MOST_GROWTH = 0.02
_COUNTED = re.compile(r"^soak_calls_total\{.*\} (\S+)$", re.M)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--load", type=float, default=0.7, help="part of the capacity")
    options = parser.parse_args()
    seconds = options.minutes * 60
    with running(_server(), None) as server, Clients(server.http, server.grpc) as clients:
        capacity = clients.run(min(_CAPACITY_S, seconds))
        print(f"capacity, calls/s: {_told(capacity.rates)}", flush=True)
        began = server.processor_s
        with _sampled(server) as samples:
            tally = clients.run(seconds, {k: options.load * rate for k, rate in capacity.rates.items()})
        load = (server.processor_s - began) / tally.seconds
        counted = _counted(server)
        pss_mib = server.pss_mib
    answered = capacity.answered + tally.answered
    print(f"calls: {tally.calls}, each second: {_told(tally.rates)}; the server took {load:.2f} processors")
    print(f"calls that the clients were too late to make: {tally.missed}")
    print(f"failures: {capacity.failed + tally.failed}", *capacity.failures, *tally.failures, sep="\n  ")
    for name, percentiles in tally.percentiles_ms().items():
        print(f"{name}: " + ", ".join(f"{key} {value:.2f} ms" for key, value in percentiles.items()))
    print(f"counted on the metrics page: {counted:.0f} of {answered}")
    before, after, parts = growth(samples)
    grown = after / before - 1
    print(f"memory: {before:.1f} MiB after the warm-up, {after:.1f} MiB at the end: {100 * grown:+.2f} %")
    print(f"with libraries and other files: {pss_mib:.1f} MiB at the end")
    print("medians of ten parts: " + " ".join(f"{part:.1f}" for part in parts))
    failed = capacity.failed or tally.failed or counted != answered
    return 1 if failed or grown >= _MOST_GROWTH else 0


def _told(rates: Mapping[str, float]) -> str:
    return " + ".join(f"{rate:.0f} {name}" for name, rate in rates.items())


def growth(samples: Sequence[float]) -> tuple[float, float, list[float]]:
    """Memory after the warm-up and at the end, and in ten parts of the whole: medians.

    The first fifth is the warm-up; of the rest the first and the last fifth are compared.
    """
    settled = samples[len(samples) // 5 :]
    window = max(1, len(settled) // 5)
    edges = [len(samples) * number // 10 for number in range(11)]
    parts = [statistics.median(samples[start:end]) for start, end in itertools.pairwise(edges) if end > start]
    return statistics.median(settled[:window]), statistics.median(settled[-window:]), parts


def _server() -> Server:
    server = ours(
        "REST,GRPC",
        *("--workers", "2"),
        METRICS="prometheus",
        PREDICTIVE_UNIT_METRICS_SERVICE_PORT="{other}",
    )
    program, _, *words = server.command
    source = (PROGRAMS / "Soaked.py").read_text()
    return Server(
        "seldon",
        (program, "Soaked", *words),
        server.environment,
        {"Soaked.py": source},
        ready=server.ready,
        speaks_grpc=True,
    )


@contextmanager
def _sampled(server: Running) -> Iterator[list[float]]:
    """Samples of memory, MiB, one a second; the page is scraped meanwhile."""
    samples: list[float] = []
    over = threading.Event()

    def sample() -> None:
        scraped = time.monotonic()
        while not over.wait(1.0):
            samples.append(server.own_mib)
            if time.monotonic() - scraped >= _SCRAPE_S:
                scraped = time.monotonic()
                _counted(server)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
        samples.append(server.own_mib)


def _counted(server: Running) -> float:
    with urlopen(f"http://127.0.0.1:{server.other}/metrics", timeout=30) as page:
        return sum(map(float, _COUNTED.findall(page.read().decode())))


if __name__ == "__main__":
    sys.exit(main())
