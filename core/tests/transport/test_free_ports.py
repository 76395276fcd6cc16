"""Ports for servers that must be told theirs."""

from __future__ import annotations

import socket

import pytest

from seldon_runtime.transport import free_ports as module
from seldon_runtime.transport.free_ports import free_ports


def test_the_ports_can_be_bound_and_stand_side_by_side() -> None:
    ports = free_ports(3)
    assert ports == list(range(ports[0], ports[0] + 3))
    for port in ports:
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))


def test_a_taken_port_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_ports(4)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free[1]))
        monkeypatch.setattr(module, "_FROM", free[0])
        monkeypatch.setattr(module, "_BELOW", free[0] + 4)
        assert free_ports(2) == free[2:]
        with pytest.raises(OSError, match="in use"):
            free_ports(3)
