"""Binding a port: any free one, a certain one, or an error that names the option to change."""

from __future__ import annotations

import socket

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.transport.sockets import OwnSockets


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1", "::"])
def test_port_0_is_any_free_port(host: str) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    with OwnSockets().bind(host, 0, "--port") as listener:
        port = listener.getsockname()[1]
        assert port > 0
        with socket.create_connection(("::1" if ":" in host else "127.0.0.1", port), timeout=10):
            pass


def test_a_port_in_use_is_told_with_the_option_to_change() -> None:
    with OwnSockets().bind("127.0.0.1", 0, "--port") as first:
        port = first.getsockname()[1]
        with pytest.raises(
            StartupError, match=rf"cannot listen on 127.0.0.1:{port} .*another one with --port"
        ):
            OwnSockets().bind("127.0.0.1", port, "--port")
    OwnSockets().bind("127.0.0.1", port, "--port").close()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 0), ("no such host", 0)])
def test_an_address_that_cannot_be_had_is_told(host: str, port: int) -> None:
    with pytest.raises(StartupError, match=f"cannot listen on {host}:{port}"):
        OwnSockets().bind(host, port, "--port")
