"""A server that leaves its port to others: what is shown of its sockets, and that it loses no client."""

from __future__ import annotations

import resource
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seldon_runtime.plugin import OwnSockets, Reservation
from seldon_runtime.testing.waiting import Background, wait_until
from seldon_runtime_grpc import transport
from seldon_runtime_grpc.draining import sockets
from seldon_runtime_grpc.draining.goaway import GoawayWatch
from seldon_runtime_grpc.draining.port_handover import PortHandover
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

from ..components import Echo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems show nothing of sockets")
AGE_S = 0.1
LATE_S = 10 * AGE_S


class Listening:
    """A server that accepts when it is told to, and its clients."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.socket = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self.socket.getsockname()[1]

    def connect(self) -> socket.socket:
        return self._stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))

    def accept(self) -> socket.socket:
        return self._stack.enter_context(self.socket.accept()[0])

    @property
    def listens(self) -> bool:
        return bool(self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


@pytest.fixture
def listening() -> Iterator[Listening]:
    with ExitStack() as stack:
        yield Listening(stack)


def test_connections_wait_until_they_are_accepted(listening):
    assert sockets.backlog(listening.socket) == 0
    for _ in range(2):
        listening.connect()
    assert sockets.backlog(listening.socket) == 2
    listening.accept()
    assert sockets.backlog(listening.socket) == 1


def test_a_connection_that_is_not_made_yet_has_begun(listening):
    listening.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
    client = listening.connect()  # which is made with its first byte now
    assert len(sockets.handshakes(listening.port)) == 1
    assert sockets.backlog(listening.socket) == 0
    client.sendall(b"x")
    listening.accept()
    assert sockets.handshakes(listening.port) == frozenset()


def test_clients_are_those_that_are_connected_and_not_who_listens(listening):
    found = sockets.listeners(listening.port)
    assert [listener.getsockname() for listener in found] == [listening.socket.getsockname()]
    found[0].close()
    assert not sockets.has_clients(listening.port)
    listening.connect()
    accepted = listening.accept()
    assert sockets.has_clients(listening.port)
    accepted.close()
    assert not sockets.has_clients(listening.port)


def test_no_connection_is_lost_that_the_server_is_slow_to_accept(listening):
    listening.connect()
    handover = PortHandover(listening.port, [listening.socket])
    end = time.monotonic() + LATE_S
    while time.monotonic() < end:
        assert listening.listens
    listening.accept().close()
    wait_until(lambda: not listening.listens, "the port is left to others")
    handover.leave_port(end + 20)


def test_a_server_that_never_accepts_is_left_when_time_is_over(listening):
    client = listening.connect()
    handover = PortHandover(listening.port, [listening.socket])
    handover.leave_port(time.monotonic() + AGE_S)
    assert not listening.listens
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@pytest.fixture
def among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other workers serve at the same port, and it is long ago that grpc has told clients to leave."""
    monkeypatch.setattr(OwnSockets, "reserve", lambda *_: Reservation(0, shared=True, outlived=True))
    monkeypatch.setattr(transport, "_AGE_JITTER", 0.0)


@pytest.mark.usefixtures("among_others")
def test_a_retiring_server_serves_as_long_as_a_client_is_connected(serve):
    """However late the client is to leave."""
    served = serve(Echo(), grpc_max_connection_age_s=86_400.0)
    served.ask()
    served.service.retiring = True
    served.transport.stop_accepting()
    stopping = Background(lambda: served.transport.stop(20))
    end = time.monotonic() + LATE_S
    while time.monotonic() < end:
        assert served.ask().strData == "s"
    assert not stopping.done
    served.channel.close()
    assert stopping.outcome is None


@pytest.mark.usefixtures("among_others")
def test_a_retiring_server_ends_streams_when_clients_have_been_told_to_leave(serve):
    served = serve(Echo(), grpc_max_connection_age_s=86_400.0)
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(health_pb2.HealthCheckRequest())
    next(watch)
    served.service.retiring = True
    served.transport.stop_accepting()
    stopping = Background(lambda: served.transport.stop(20))
    with pytest.raises(grpc.RpcError):
        list(watch)
    served.channel.close()
    assert stopping.outcome is None


@pytest.mark.parametrize("threads", [None, 8])
def test_the_one_process_hands_over_when_it_has_told_its_clients(serve, monkeypatch, threads):
    """They are not told to leave before, but answered only after."""
    monkeypatch.setattr(transport, "_LINGER_S", LATE_S)
    served = serve(Echo(), grpc_threads=threads)
    served.ask()
    served.service.retiring = True
    served.transport.stop_accepting()
    assert served.ask().strData == "s"
    stopping = Background(lambda: served.transport.stop(20))
    wait_until(lambda: not served.transport._handlers.gate.is_open, "calls are held")
    assert served.ask().strData == "s"
    assert stopping.outcome is None


@pytest.mark.parametrize("method", ["Model/Predict", "Model/Metadata", "Seldon/GraphMetadata"])
def test_no_call_is_answered_while_clients_are_told_to_leave(serve, method):
    """Whether it is for the component or not, and also by an error."""
    served = serve(Echo())
    served.ask()
    served.transport._handlers.hold()
    call = served.stub(method).future(SeldonMessage(strData="s"))
    end = time.monotonic() + AGE_S
    while time.monotonic() < end:
        assert not call.done()
    served.transport._handlers.release()
    assert call.exception(20) is None or call.code() is grpc.StatusCode.UNIMPLEMENTED


COUNTED = pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the system counts no segments")


@COUNTED
def test_what_has_been_sent_to_a_client_is_counted(listening):
    assert sockets.connections(listening.port) == []
    client = listening.connect()
    server = listening.accept()
    (connection,) = sockets.connections(listening.port)
    with connection:
        assert connection.getpeername() == client.getsockname()
        assert sockets.segments_sent(connection) == 0
        server.sendall(b"x")
        assert client.recv(1) == b"x"
        assert sockets.segments_sent(connection) == 1


@COUNTED
def test_clients_are_waited_for_until_each_has_been_told(listening):
    clients = [listening.connect() for _ in range(3)]
    servers = [listening.accept() for _ in range(3)]
    goaway = GoawayWatch(listening.port)
    waiting = Background(lambda: goaway.wait(time.monotonic() + 20))
    for server, client in zip(servers, clients, strict=True):
        assert not waiting.done
        server.sendall(b"leave")
        assert client.recv(5) == b"leave"
    assert waiting.outcome is None


@COUNTED
def test_a_client_that_has_gone_is_not_waited_for(listening):
    client = listening.connect()
    server = listening.accept()
    goaway = GoawayWatch(listening.port)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    end = time.monotonic() + 20
    goaway.wait(end)
    assert time.monotonic() < end


@COUNTED
def test_a_client_that_cannot_be_told_is_waited_for_in_vain(listening):
    listening.connect()
    listening.accept()
    goaway = GoawayWatch(listening.port)
    end = time.monotonic() + AGE_S
    goaway.wait(end)
    assert time.monotonic() >= end


def test_a_process_without_a_free_descriptor_shows_no_sockets(listening):
    """And no error, for it has to end all the same."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = listening.socket.dup()
    number = free.fileno()
    free.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, limits[1]))
    try:
        found = sockets.listeners(listening.port)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert found == []
