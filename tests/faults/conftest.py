"""Servers that echo, and what calls them: clients, loads, bare connections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Process
from seldon_runtime.testing.process import Starter

from .callers import CALLERS
from .load import Load
from .ways import SLOW, WAYS, Way
from .wire import Wire


@pytest.fixture
def load() -> Iterator[Callable[..., Load]]:
    """Makes a :class:`Load` for a process; it is stopped after the test."""
    loads: list[Load] = []

    def start(process: Any, transport: str, **options: Any) -> Load:
        loads.append(Load(transport, process.ports[transport], **options))
        return loads[-1]

    yield start
    for one in loads:
        one.stop()


@pytest.fixture
def caller() -> Iterator[Callable[..., Any]]:
    """``caller(process, transport)``: one client. Its calls raise when they fail."""
    callers: list[Any] = []

    def make(process: Any, transport: str) -> Any:
        callers.append(CALLERS[transport](process.ports[transport]))
        return callers[-1]

    yield make
    for one in callers:
        one.close()


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request: pytest.FixtureRequest) -> Way:
    """One of :data:`WAYS`."""
    found: Way = request.param
    return found


_HOSTED = """
    import os

    class Hosted:
        def predict(self, X, features_names):
            word, _, size = X.partition(" ") if isinstance(X, str) else ("", "", "")
            return "x" * int(size) if word == "fill" else X

        def tags(self):
            return {"process": str(os.getpid())}
"""


@pytest.fixture(scope="module", params=["1", "2"], ids=["1 worker", "2 workers"])
def workers(request: pytest.FixtureRequest) -> str:
    """How many a host has: one process in one test, two workers in the next."""
    found: str = request.param
    return found


@pytest.fixture
def host(workers: str, seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """``host("REST", *words)``: a server. It answers what it is asked, or for ``fill 9`` nine letters."""

    def host(transports: str, *words: str) -> Any:
        return seldon_run("Hosted", transports, "--workers", workers, *words, source=_HOSTED)

    return host


@pytest.fixture(scope="module")
def lasting_host(
    workers: str, tmp_path_factory: pytest.TempPathFactory, process_type: type[Process]
) -> Iterator[Callable[..., Any]]:
    """Like ``host``, but who asks for the same gets the same server, until the tests of the module are over.

    For tests that leave no trace: not for those of logs or of memory.
    """
    starter = Starter(tmp_path_factory.mktemp("hosts"), process_type)

    @cache
    def host(transports: str, *words: str) -> Any:
        return starter("Hosted", transports, "--workers", workers, *words, source=_HOSTED)

    yield host
    starter.end()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """``wire(process, transport="rest")``: makes a :class:`Wire`."""
    wires: list[Wire] = []

    def wire(process: Any, transport: str = "rest") -> Wire:
        wires.append(Wire(process.ports[transport]))
        return wires[-1]

    yield wire
    for one in wires:
        one.close()


@pytest.fixture
def slow() -> bool:
    """Whether sizes are the real ones: ``tox run -e faults``. The default run has smaller ones."""
    return SLOW


@pytest.fixture
def peak_mib() -> Callable[..., int]:
    """``peak_mib(process)``: the most memory that it and its workers have had, each at its time."""

    def peak(process: Any) -> int:
        first = process.process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in (first, *children)]
        return sum(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in texts) // 1024  # type: ignore[index]

    return peak


@pytest.fixture
def others(load: Callable[..., Load]) -> Iterator[Callable[..., Load]]:
    """``others(process, transport)``: two other clients, of whose calls none may fail until the test ends.

    They pause between calls: what they do is not to be the load.
    """
    started: list[Load] = []

    def others(process: Any, transport: str = "rest") -> Load:
        started.append(load(process, transport, clients=2, pause_s=0.01))
        return started[-1]

    yield others
    for one in started:
        one.stop()
        assert one.failures == []
        assert one.answered.total() > 0
