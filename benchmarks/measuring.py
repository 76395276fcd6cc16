"""The parts that all sections of the benchmark share: processors, rounds and findings."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from benchmarks.running import Running, running
from benchmarks.servers import Server

Subjects = Mapping[str, Callable[[], Mapping[str, float]]]
"""Functions that measure one subject, by its name; each returns the value of each measure."""


@dataclass(frozen=True)
class Finding:
    """The values of one measure, one of each round.

    Args:
        section: section of the page, such as ``throughput``.
        row: the load, such as ``REST, 16 connections``.
        subject: the measured server, such as ``seldon`` or ``bare``.
        measure: name or unit of the values, such as ``calls/s``.
    """

    section: str
    row: str
    subject: str
    measure: str
    values: list[float]


@dataclass(frozen=True)
class Plan:
    """The parameters of a measurement.

    Args:
        rounds: rounds that count; one more runs before them as a warm-up.
        seconds: seconds of load in each round.
        peers: servers to compare with, beside the bare ones.
    """

    rounds: int = 5
    seconds: float = 4.0
    peers: list[Server] = field(default_factory=list)

    @property
    def server_processor(self) -> int:
        """The processor of all servers."""
        return sorted(os.sched_getaffinity(0))[0]

    @property
    def load_processor(self) -> int:
        """The processor of the load generator; the servers' own if the machine has only one."""
        return sorted(os.sched_getaffinity(0))[:2][-1]


@contextmanager
def all_running(plan: Plan, servers: list[Server]) -> Iterator[list[Running]]:
    """Run the servers at the same time, so that rounds can alternate. Idle servers cost nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(running(server, plan.server_processor)) for server in servers]


def alternating(plan: Plan, section: str, row: str, subjects: Subjects) -> list[Finding]:
    """Measure each subject once in every round, after a warm-up round that does not count."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(plan.rounds + 1):
        for subject, measure in subjects.items():
            for name, value in measure().items():
                values = found.setdefault((subject, name), [])
                if number:
                    values.append(value)
    return [Finding(section, row, subject, name, values) for (subject, name), values in found.items()]


def median_ms(ask: Callable[[], object], enough_s: float = 0.5) -> float:
    """Return the median of as many runs as fit into half a second, or of a single run that takes longer."""
    taken: list[float] = []
    while not taken or sum(taken) < enough_s:
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
