"""Closing a listening socket."""

from __future__ import annotations

import socket
import sys

import pytest

from seldon_runtime_rest import door


@pytest.fixture
def listener():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener


def test_connections_made_before_the_close_can_still_be_served(listener: socket.socket) -> None:
    address = listener.getsockname()
    clients = [socket.create_connection(address, timeout=5) for _ in range(3)]
    late = door.drained(listener)
    assert len(late) == 3
    for client, connection in zip(clients, late, strict=True):
        client.sendall(b"?")
        connection.setblocking(True)
        assert connection.recv(1) == b"?"
        client.close()
        connection.close()


def test_then_nobody_listens(listener: socket.socket) -> None:
    address = listener.getsockname()
    assert door.drained(listener) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


@pytest.mark.skipif(sys.platform != "linux", reason="socket filters are Linux's")
def test_nobody_gets_in_between_the_last_accept_and_the_close(listener: socket.socket) -> None:
    door._bar(listener)
    with socket.socket() as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.connect(listener.getsockname())
