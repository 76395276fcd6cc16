"""Connections beyond the number that may stay: the longest idle ones are closed, those with calls are not."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import grpc

from seldon_runtime.testing import WAIT_S, Background, wait_until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
MOST = 8


def idle_client(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    connection.sendall(PREFACE)
    return connection


def is_healthy(port):
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            return channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=2) == b"\x08\x01"
        except grpc.RpcError:
            return False


def test_idle_clients_lock_out_neither_new_ones_nor_probes(serve):
    class Echo:
        def predict(self, X, features_names):
            return X

    served = serve(Echo(), grpc_max_connections=MOST)
    port = int(served.target.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(idle_client(port))
        assert is_healthy(port)
        for _ in range(5 * MOST):
            stack.enter_context(idle_client(port))
        wait_until(lambda: is_healthy(port), "a probe has room")
        # the server may refuse its first connections: it connects again
        assert served.ask(b"\x2a\x01s", wait_for_ready=True).strData == "s"


def test_a_client_with_an_open_call_is_not_idle(serve, gate):
    served = serve(gate, grpc_max_connections=MOST)
    port = int(served.target.rpartition(":")[2])
    with ExitStack() as stack:
        calling = Background(lambda: served.ask(b"\x2a\x01s").strData)
        wait_until(lambda: served.executor.longest_s() > 1.0, "the call is the oldest connection")
        watching = served.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        assert next(watching) == b"\x08\x01"
        others = [stack.enter_context(idle_client(port)) for _ in range(MOST + 2)]
        wait_until(lambda: any(is_closed(other) for other in others), "an idle client is closed")
        gate.open.set()
        assert calling.outcome == "s"
        watching.cancel()


def is_closed(connection):
    connection.setblocking(False)
    try:
        while data := connection.recv(1000):
            assert data
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
