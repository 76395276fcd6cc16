"""The addresses on which grpcio listens, for each meaning of ``--host``."""

from __future__ import annotations

import socket
import threading

import grpc
import pytest

from seldon_runtime_grpc.binding import bind


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.fixture
def listen():
    servers = []

    def listen(host: str, port: int = 0, *, shared: bool = False) -> int:
        server = grpc.server(None, options=[("grpc.so_reuseport", int(shared))])
        servers.append(server)
        number = bind(host, port, server.add_insecure_port)
        server.start()
        return number

    yield listen
    for server in servers:
        server.stop(None)


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port)).close()
    except OSError:
        return False
    return True


@needs_ipv6
@pytest.mark.parametrize(
    ("host", "ipv4", "ipv6"),
    [
        ("0.0.0.0", True, False),
        ("", True, False),
        ("127.0.0.1", True, False),
        ("localhost", True, False),
        ("::", True, True),
        ("::1", False, True),
    ],
)
def test_a_host_means_the_same_as_for_other_transports(listen, host, ipv4, ipv6):
    port = listen(host)
    assert (answers("127.0.0.1", port), answers("::1", port)) == (ipv4, ipv6)


@needs_ipv6
def test_workers_that_start_at_the_same_time_all_listen_on_ipv4_alone(listen):
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("0.0.0.0", 0))
        port = reserved.getsockname()[1]
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(listen("0.0.0.0", port, shared=True)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [port] * 4
        assert not answers("::1", port)


def test_a_taken_port_is_an_error(listen):
    port = listen("0.0.0.0")
    with pytest.raises(RuntimeError):
        listen("0.0.0.0", port)


def test_an_unknown_name_is_an_error(listen):
    with pytest.raises(OSError, match=r"[Nn]ame|known"):
        listen("no-such-host.invalid")
