"""Listening sockets: closed without losing a client, kept for several processes, reserved for one program."""

from __future__ import annotations

import errno
import socket
import sys

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.transport import sockets
from seldon_runtime.transport.sockets import OwnSockets, SharedSockets, unavailable


@pytest.fixture
def listener():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener


def test_connections_made_before_the_close_can_still_be_served(listener: socket.socket) -> None:
    address = listener.getsockname()
    clients = [socket.create_connection(address, timeout=5) for _ in range(3)]
    late = OwnSockets().drained(listener)
    assert len(late) == 3
    for client, connection in zip(clients, late, strict=True):
        client.sendall(b"?")
        connection.setblocking(True)
        assert connection.recv(1) == b"?"
        client.close()
        connection.close()


def test_then_nobody_listens(listener: socket.socket) -> None:
    address = listener.getsockname()
    assert OwnSockets().drained(listener) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


@pytest.mark.skipif(sys.platform != "linux", reason="socket filters are Linux's")
def test_nobody_gets_in_between_the_last_accept_and_the_close(listener: socket.socket) -> None:
    sockets.stop_new_connections(listener)
    with socket.socket() as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect(listener.getsockname())


def test_a_socket_on_which_others_listen_on_is_only_let_go(listener: socket.socket) -> None:
    others = listener.dup()
    outlived = OwnSockets()
    outlived.outlived = True
    client = socket.create_connection(listener.getsockname(), timeout=5)
    assert outlived.drained(listener) == []
    with client, others, others.accept()[0] as connection:
        client.sendall(b"?")
        assert connection.recv(1) == b"?"


@pytest.fixture
def kept():
    kept = SharedSockets()
    yield kept
    kept.close()


def test_the_same_place_is_the_same_socket(kept: SharedSockets) -> None:
    first = kept.listen("127.0.0.1", 0, "--x", 0)
    assert kept.listen("127.0.0.1", 0, "--x", 0) is first
    other = kept.listen("127.0.0.1", 0, "--x", 1)
    assert other.getsockname() != first.getsockname()


def test_a_port_asked_for_twice_in_one_worker_is_in_use(kept: SharedSockets) -> None:
    port = kept.listen("127.0.0.1", 0, "--x", 0).getsockname()[1]
    with pytest.raises(
        StartupError, match=rf"cannot listen on 127.0.0.1:{port} .* Choose another one with --y"
    ):
        kept.listen("127.0.0.1", port, "--y", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the options of a bound socket count only on Linux")
def test_a_reserved_port_is_for_workers_alone(kept: SharedSockets) -> None:
    port = kept.reserve("127.0.0.1", 0, "--x", 0)
    assert kept.reserve("127.0.0.1", 0, "--x", 0) == port
    with pytest.raises(StartupError):
        SharedSockets().reserve("127.0.0.1", port, "--x", 0)
    with pytest.raises(StartupError):
        sockets.open_listener("127.0.0.1", port, "--x")
    for _ in range(2):
        with socket.socket() as worker:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind(("127.0.0.1", port))
            worker.listen()


def test_a_port_that_another_program_listens_on_cannot_be_reserved(
    listener: socket.socket, kept: SharedSockets
) -> None:
    with pytest.raises(StartupError, match="in use"):
        kept.reserve("127.0.0.1", listener.getsockname()[1], "--x", 0)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (
            OSError(errno.EADDRINUSE, "in use"),
            "is another program using the port? Choose another one with --p",
        ),
        (
            PermissionError(errno.EACCES, "denied"),
            "a port below 1024 needs privileges. Choose another one with --p",
        ),
        (
            OSError(errno.EADDRNOTAVAIL, "no"),
            "the host is not an address of this machine. Set it with --host",
        ),
        (socket.gaierror(-2, "unknown"), "the host is not an address of this machine. Set it with --host"),
    ],
)
def test_the_remedy_fits_the_reason_why_a_port_cannot_be_bound(error: OSError, remedy: str) -> None:
    assert remedy in str(unavailable("h", 80, "--p", error))
