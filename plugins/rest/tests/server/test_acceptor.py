"""Accepting: every connection, in turns with other workers, and on after errors."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.server import acceptor
from seldon_runtime_rest.server.acceptor import Acceptor


class Protocol(asyncio.Protocol):
    """Counts its connections."""

    def __init__(self, made: list[Any]) -> None:
        self._made = made

    def connection_made(self, transport: Any) -> None:
        self._made.append(transport)


class Failing:
    """A listener whose ``accept`` fails once."""

    def __init__(self, listener: socket.socket, error: OSError) -> None:
        self._listener = listener
        self._error: OSError | None = error

    def fileno(self) -> int:
        return self._listener.fileno()

    def accept(self) -> Any:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._listener.accept()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def listener() -> Any:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize("is_shared", [False, True])
def test_every_connection_is_accepted(listener: Any, runner: asyncio.Runner, is_shared: bool) -> None:
    async def scene() -> None:
        made: list[Any] = []
        accepting = Acceptor(listener, lambda: Protocol(made), lambda: len(made), is_shared=is_shared)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(50)]
        await until(lambda: len(made) == 50)
        accepting.close()
        options = (socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert all(transport.get_extra_info("socket").getsockopt(*options) for transport in made)
        for end in (*clients, *made):
            end.close()

    runner.run(scene())


def test_the_worker_with_fewer_connections_accepts_more_of_a_burst(
    listener: Any, runner: asyncio.Runner
) -> None:
    async def scene() -> None:
        idle: list[Any] = []
        busy: list[Any] = []
        other = listener.dup()
        accepting = [
            Acceptor(listener, lambda: Protocol(idle), lambda: len(idle), is_shared=True),
            Acceptor(other, lambda: Protocol(busy), lambda: 7, is_shared=True),
        ]
        clients = [socket.create_connection(listener.getsockname()) for _ in range(10)]
        await until(lambda: len(idle) + len(busy) == 10)
        assert len(idle) > len(busy)
        for each in accepting:
            each.close()
        for end in (*clients, *idle, *busy, other):
            end.close()

    runner.run(scene())


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS])
@pytest.mark.parametrize("is_shared", [False, True])
def test_an_error_is_logged_and_accepting_goes_on(
    listener: Any, runner: asyncio.Runner, monkeypatch: Any, caplog: Any, code: int, is_shared: bool
) -> None:
    monkeypatch.setattr(acceptor, "_PAUSE_S", 0.01)

    async def scene() -> None:
        made: list[Any] = []
        failing: Any = Failing(listener, OSError(code, "too many"))
        accepting = Acceptor(failing, lambda: Protocol(made), lambda: len(made), is_shared=is_shared)
        with socket.create_connection(listener.getsockname()):
            await until(lambda: len(made) == 1)
        accepting.close()
        made[0].close()

    runner.run(scene())
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "cannot accept a connection"
    ]


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE])
def test_without_a_free_file_an_idle_connection_makes_room(
    listener: Any, runner: asyncio.Runner, caplog: Any, code: int
) -> None:
    closed: list[str] = []

    def make_room() -> bool:
        closed.append("the longest idle")
        return True

    async def scene() -> None:
        made: list[Any] = []
        failing: Any = Failing(listener, OSError(code, "too many"))
        accepting = Acceptor(
            failing, lambda: Protocol(made), lambda: len(made), make_room=make_room, is_shared=False
        )
        with socket.create_connection(listener.getsockname()):
            await until(lambda: len(made) == 1)
        accepting.close()
        made[0].close()

    runner.run(scene())
    assert closed == ["the longest idle"]
    assert caplog.records == []
