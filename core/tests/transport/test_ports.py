"""Ports that are checked before the load."""

from __future__ import annotations

import socket

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.transport.free_ports import free_ports
from seldon_runtime.transport.ports import Port, require_free
from seldon_runtime.transport.sockets import open_listener

HOST = "127.0.0.1"


def test_a_port_that_another_program_has_is_named_with_its_setting() -> None:
    with open_listener(HOST, 0, "--other") as listener:
        number = listener.getsockname()[1]
        with pytest.raises(StartupError, match=f"cannot listen on {HOST}:{number} .*one with --http-port"):
            require_free([("rest", Port(HOST, number, "--http-port"))])


@pytest.mark.parametrize("number", [-1, 65536])
def test_a_number_that_no_port_has_is_refused(number: int) -> None:
    with pytest.raises(StartupError, match="--http-port"):
        require_free([("rest", Port(HOST, number, "--http-port"))])


def test_two_plugins_with_one_port_are_named() -> None:
    (number,) = free_ports(1)
    with pytest.raises(StartupError, match=f"^rest and metrics both use port {number}: .* --metrics-port$"):
        require_free([("rest", Port(HOST, number, "--p")), ("metrics", Port(HOST, number, "--metrics-port"))])


def test_a_free_port_stays_free_and_any_port_needs_no_check() -> None:
    (number,) = free_ports(1)
    require_free(
        [("rest", Port(HOST, number, "--p")), ("a", Port(HOST, 0, "--p")), ("b", Port(HOST, 0, "-"))]
    )
    with open_listener(HOST, number, "--p"), socket.create_connection((HOST, number)):
        pass
