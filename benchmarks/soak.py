"""A long run at 70 % load: two workers must answer every call, and their memory must not grow.

    python -m benchmarks.soak --minutes 30

First the REST and gRPC clients measure the capacity: they call without a pause. Then they make 70 % of that,
each call at its time, and check every answer. The component counts custom metrics, and the command scrapes
the metrics page all the time. Memory is the PSS of all the server's processes, where shared pages count once.
Files on a disk do not count, because their share depends on other programs.

A server's memory always grows at first: late imports, threads, pools and the allocator's arenas fill up. So
the first fifth of the time does not count. After that, the command compares the median of the first samples
with the median of the last ones. A leak grows with the calls. The command also prints the medians of ten
equal parts; they show if memory still rises or has settled.

The exit status is 1 if a call failed, if the page counted other calls than the clients, or if memory grew by
2 % or more.
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
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--load", type=float, default=0.7, help="load as a part of the capacity")
    options = parser.parse_args()
    seconds = options.minutes * 60
    with running(_server(), None) as server, Clients(server.http, server.grpc) as clients:
        capacity = clients.run(min(_CAPACITY_S, seconds))
        print(f"capacity, calls/s: {_told(capacity.rates)}", flush=True)
        began = server.processor_s
        with sampled(server) as samples:
            tally = clients.run(seconds, {k: options.load * rate for k, rate in capacity.rates.items()})
        load = (server.processor_s - began) / tally.seconds
        counted = _counted(server)
        pss_mib = server.pss_mib
    answered = capacity.answered + tally.answered
    print(f"calls: {tally.calls}, each second: {_told(tally.rates)}; the server took {load:.2f} processors")
    print(f"calls that the clients left out because they were late: {tally.missed}")
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
    """Return the median memory after the warm-up, at the end, and in ten parts of the whole time.

    The first fifth is the warm-up; the two medians are of the first and the last fifth of the rest.
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
def sampled(server: Running) -> Iterator[list[float]]:
    """Sample the memory, in MiB, each second, while scraping a page of metrics; yield the samples."""
    samples: list[float] = []
    over = threading.Event()

    def sample() -> None:
        scraped = time.monotonic()
        while not over.wait(1.0):
            samples.append(server.own_mib)
            if server.server.environment["METRICS"] != "0" and time.monotonic() - scraped >= _SCRAPE_S:
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
