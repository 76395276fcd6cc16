"""Servers under attack or under load, and what calls them meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Process
from seldon_runtime.testing.processes import Starter
from tests.support.callers import CALLERS
from tests.support.components import HOST
from tests.support.load import Load
from tests.support.ways import SLOW, WAYS, Way


@pytest.fixture
def load() -> Iterator[Callable[..., Load]]:
    """``load(process, transport)`` starts a :class:`Load`, which is stopped after the test."""
    loads: list[Load] = []

    def start(process: Any, transport: str, **options: Any) -> Load:
        loads.append(Load(transport, process.ports[transport], **options))
        return loads[-1]

    yield start
    for each in loads:
        each.stop()


@pytest.fixture
def others(load: Callable[..., Load]) -> Iterator[Callable[..., Load]]:
    """``others(process, transport)``: two other clients, of whose calls none may fail until the test ends.

    They pause between calls, so that they are not the load.
    """
    started: list[Load] = []

    def others(process: Any, transport: str = "rest") -> Load:
        started.append(load(process, transport, clients=2, pause_s=0.01))
        return started[-1]

    yield others
    for each in started:
        each.stop()
        assert each.failures == []
        assert each.answered.total() > 0


@pytest.fixture
def caller() -> Iterator[Callable[..., Any]]:
    """``caller(process, transport)``: a client whose calls raise when they fail."""
    callers: list[Any] = []

    def make(process: Any, transport: str) -> Any:
        callers.append(CALLERS[transport](process.ports[transport]))
        return callers[-1]

    yield make
    for each in callers:
        each.close()


@pytest.fixture
def published(install: Callable[..., Path]) -> Callable[..., dict[str, str]]:
    """``published(source, group="extension")``: the environment with a plugin ``bad`` of ``acme-bad``."""

    def published(source: str, group: str = "extension", **options: Any) -> dict[str, str]:
        entries = {f"seldon_runtime.{group}": {"bad": "acme_bad"}}
        return {"PYTHONPATH": str(install("acme-bad", entries, {"acme_bad": source}, **options))}

    return published


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request: pytest.FixtureRequest) -> Way:
    """Return one of :data:`WAYS`."""
    found: Way = request.param
    return found


@pytest.fixture(scope="module", params=["1", "2"], ids=["1 worker", "2 workers"])
def workers(request: pytest.FixtureRequest) -> str:
    """Return the number of a host's workers; with one, there is only the one process."""
    found: str = request.param
    return found


@pytest.fixture
def host(workers: str, seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """``host("REST", *words)``: a server of :data:`HOST`."""

    def host(transports: str, *words: str) -> Any:
        return seldon_run("Host", transports, "--workers", workers, *words, source=HOST)

    return host


@pytest.fixture(scope="module")
def lasting_host(
    workers: str, tmp_path_factory: pytest.TempPathFactory, process_type: type[Process]
) -> Iterator[Callable[..., Any]]:
    """Like ``host``, but the same arguments return the same server until the tests of the module are over.

    For tests that leave no trace: not for those of logs or of memory.
    """
    starter = Starter(tmp_path_factory.mktemp("hosts"), process_type)

    @cache
    def host(transports: str, *words: str) -> Any:
        return starter("Host", transports, "--workers", workers, *words, source=HOST)

    yield host
    starter.end()


@pytest.fixture
def slow() -> bool:
    """Return whether sizes are the real ones: ``tox run -e faults``. The default run has smaller ones."""
    return SLOW
