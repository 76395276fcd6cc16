"""The HTTP server's life: ports, start, the last connections and calls, and an end in bounded time."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.plugin import OwnSockets
from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.transport import RestTransport

from .components import Identity

JSON_TYPE = {"Content-Type": "application/json"}
MULTIPART_TYPE = {"Content-Type": "multipart/form-data; boundary=line"}
ECHO = b'{"strData":"x"}'


class Gated:
    def __init__(self):
        self.gate = threading.Event()
        self.began = threading.Event()

    def predict(self, X, names):
        if X == "wait":
            self.began.set()
            assert self.gate.wait(WAIT_S)
        return X


class Stopping:
    """``transport.stop`` in a thread, as other things have to happen meanwhile."""

    def __init__(self, transport, grace_s=WAIT_S):
        self._thread = threading.Thread(target=transport.stop, args=(grace_s,))
        self._thread.start()

    def wait(self):
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()


def rest_threads():
    return [thread for thread in threading.enumerate() if thread.name == "rest"]


def test_port_0_is_a_free_port_that_the_address_names(serve):
    one, other = serve(Identity()), serve(Identity())
    assert one.transport.address == f"http://127.0.0.1:{one.port}"
    assert one.port != other.port
    assert one.request("GET", "/health/ping").body == other.request("GET", "/health/ping").body == b"pong"


def test_an_ipv6_host_is_served_and_stands_in_brackets(make_service, settings):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    transport = RestTransport(make_service(Identity()), settings(), OwnSockets())
    transport._host = "::1"
    transport.start()
    try:
        assert transport.address.startswith("http://[::1]:")
        port = int(transport.address.rpartition(":")[2])
        connection = http.client.HTTPConnection("::1", port, timeout=WAIT_S)
        connection.request("GET", "/health/ping")
        assert connection.getresponse().read() == b"pong"
        connection.close()
    finally:
        transport.stop_accepting()
        transport.stop(WAIT_S)


def test_a_port_in_use_is_a_startup_error_that_names_the_setting(make_service, settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        transport = RestTransport(make_service(Identity()), settings("--http-port", str(port)), OwnSockets())
        with pytest.raises(StartupError, match=rf"127.0.0.1:{port}.*--http-port \(PREDICTIVE_UNIT_HTTP"):
            transport.start()
    assert not rest_threads()
    transport.stop_accepting()
    transport.stop(0)


def test_its_own_port_is_free_again_after_the_stop(serve, make_service, settings):
    first = serve(Identity())
    connection = first.connect()  # kept alive: this end of it waits in the system after the stop
    first.request("GET", "/health/ping", over=connection)
    first.drain()
    first.transport.stop(WAIT_S)
    second = serve(Identity(), "--http-port", str(first.port))
    assert second.port == first.port
    assert second.request("GET", "/health/ping").status == 200
    connection.close()


def test_an_error_handler_that_is_no_blueprint_is_a_startup_error(make_service, settings):
    class Wrong(Identity):
        model_error_handler = "nothing"

    with pytest.raises(StartupError, match="model_error_handler"):
        RestTransport(make_service(Wrong()), settings(), OwnSockets())


def test_after_stop_accepting_nobody_new_is_served_but_open_connections_are(serve):
    server = serve(Identity())
    connection = server.connect()
    server.request("GET", "/health/ping", over=connection)
    server.drain()
    server.transport._closing.result(WAIT_S)
    with pytest.raises(ConnectionRefusedError):
        server.connect()
    stopping = Stopping(server.transport)
    answer = server.request("POST", "/predict", ECHO, JSON_TYPE, over=connection)
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    connection.close()
    stopping.wait()


def test_a_connection_that_the_system_made_before_the_end_is_served(serve):
    """Closing a listening socket resets what waits to be accepted; so that is accepted first."""
    server = serve(Identity())
    held, release = threading.Event(), threading.Event()
    server.transport._loop.call_soon_threadsafe(lambda: (held.set(), release.wait(WAIT_S)))
    assert held.wait(WAIT_S)  # the server's thread accepts nothing now
    clients = [server.connect() for _ in range(5)]
    for client in clients:
        client.request("POST", "/predict", ECHO, JSON_TYPE)
    server.drain()
    stopping = Stopping(server.transport)
    release.set()
    answers = [server.answer(client) for client in clients]
    assert [answer.status for answer in answers] == [200] * 5
    for client in clients:
        client.close()
    stopping.wait()


@pytest.mark.parametrize("headers", [JSON_TYPE, MULTIPART_TYPE], ids=["plain", "through Flask"])
def test_stop_waits_for_the_answers_of_calls(serve, headers):
    user = Gated()
    server = serve(user)
    text = b'--line\r\nContent-Disposition: form-data; name="strData"\r\n\r\nwait\r\n--line--\r\n'
    body = text if headers is MULTIPART_TYPE else b'{"strData":"wait"}'
    waiting = [server.connect() for _ in range(20)]  # more than Flask has threads
    for client in waiting:
        client.request("POST", "/predict", body, headers)
    assert user.began.wait(WAIT_S)
    while server.service.executor.waiting < len(waiting) - 1:  # no thread waits for the answer of a form
        time.sleep(0.002)
    server.drain()
    stopping = Stopping(server.transport)
    user.gate.set()
    assert [server.answer(client).json["strData"] for client in waiting] == ["wait"] * 20
    for client in waiting:
        client.close()
    stopping.wait()
    assert not rest_threads()


@pytest.mark.parametrize("headers", [JSON_TYPE, MULTIPART_TYPE], ids=["plain", "through Flask"])
def test_a_request_that_never_becomes_whole_does_not_outlive_the_grace_period(serve, caplog, headers):
    server = serve(Identity())
    stalled = server.connect()
    stalled.putrequest("POST", "/predict")
    for name, value in {**headers, "Content-Length": "1000"}.items():
        stalled.putheader(name, value)
    stalled.endheaders(b"--line")
    while not any(one._queue for one in list(server.transport._server.connections.open)):
        time.sleep(0.002)
    server.drain()
    server.transport.stop(0.1)
    assert not rest_threads()
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        stalled.getresponse()
    stalled.close()


def test_a_call_that_runs_on_does_not_hold_up_the_end(serve, caplog):
    user = Gated()
    server = serve(user)
    lost = server.connect()
    lost.request("POST", "/predict", b'{"strData":"wait"}', JSON_TYPE)
    assert user.began.wait(WAIT_S)
    server.drain()
    server.transport.stop(0.1)
    assert not rest_threads()
    user.gate.set()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        lost.getresponse()
    lost.close()
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_an_idle_connection_is_closed_after_its_time(serve):
    server = serve(Identity(), "--http-keep-alive", "1")
    connection = server.connect()
    server.request("GET", "/health/ping", over=connection)
    assert connection.sock.recv(1) == b""  # or the time-out of the client, which is longer
    connection.close()


def test_health_is_answered_while_a_call_runs_and_flask_is_busy(serve):
    user = Gated()
    server = serve(user)
    waiting = [server.connect() for _ in range(20)]
    for client in waiting:
        client.request("POST", "/predict?x=%20", json.dumps({"strData": "wait"}).encode(), JSON_TYPE)
    assert user.began.wait(WAIT_S)
    for path in ("/health/ping", "/health/live", "/health/ready", "/health/status"):
        assert server.request("GET", path).status == 200
    assert not user.gate.is_set()
    user.gate.set()
    for client in waiting:
        assert server.answer(client).status == 200
        client.close()
