"""What every section of the benchmark shares: where servers and load run, rounds, and what was found."""

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
"""By name, what measures it: the value of each measure."""


@dataclass(frozen=True)
class Finding:
    """The values of one measure, one of each round.

    Args:
        section: where it belongs, such as ``throughput``.
        row: what was done, such as ``REST, 16 connections``.
        subject: who did it, such as ``seldon`` or ``bare``.
        measure: what the values are, with their unit, such as ``calls/s``.
    """

    section: str
    row: str
    subject: str
    measure: str
    values: list[float]


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Args:
        rounds: those that count; one more goes before them.
        seconds: of load in each round.
        peers: beside the bare servers.
    """

    rounds: int = 5
    seconds: float = 4.0
    peers: list[Server] = field(default_factory=list)

    @property
    def server_processor(self) -> int:
        """Where all servers run."""
        return sorted(os.sched_getaffinity(0))[0]

    @property
    def load_processor(self) -> int:
        """Where the load comes from; the servers' own where there is only one."""
        return sorted(os.sched_getaffinity(0))[:2][-1]


@contextmanager
def all_running(plan: Plan, servers: list[Server]) -> Iterator[list[Running]]:
    """The servers at the same time, so that rounds can alternate between them; idle ones cost nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(running(server, plan.server_processor)) for server in servers]


def alternating(plan: Plan, section: str, row: str, subjects: Subjects) -> list[Finding]:
    """Measure each subject once in every round, after a round that does not count."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(plan.rounds + 1):
        for subject, measure in subjects.items():
            for name, value in measure().items():
                values = found.setdefault((subject, name), [])
                if number:
                    values.append(value)
    return [Finding(section, row, subject, name, values) for (subject, name), values in found.items()]


def median_ms(ask: Callable[[], object], enough_s: float = 0.5) -> float:
    """The median of as many runs as fit into half a second, but of one at least."""
    taken: list[float] = []
    while not taken or sum(taken) < enough_s:
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000
