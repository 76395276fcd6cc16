"""The server: statuses, deadlines, limits, and how it stops."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import suppress

import grpc
import pytest

from seldon_runtime.errors import ErrorCode, SeldonError, StartupError
from seldon_runtime.limits import Limits
from seldon_runtime.message import Method
from seldon_runtime.settings import Settings
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.services import CALLS, SERVICES
from seldon_runtime_grpc.status import STATUS_OF
from seldon_runtime_grpc.transport import GrpcTransport

LIMIT_S = 20


class Echo:
    def predict(self, X, features_names):
        return X


class Raising:
    """Raises what it was made with."""

    def __init__(self, error):
        self.error = error

    def predict(self, X, features_names):
        raise self.error


def trailers(error):
    return dict(error.trailing_metadata())


def wait_until(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    "path",
    [f"{name.rpartition('.')[2]}/{method}" for name, methods in SERVICES.items() for method in methods],
)
def test_every_method_of_every_service_is_answered(serve, path):
    class All:
        def __getattr__(self, name):
            if name in {method.value for method in Method}:
                return lambda *arguments: 1 if name == "route" else name
            raise AttributeError(name)

    served = serve(All())
    name = path.rpartition("/")[2]
    if name == "GraphMetadata":
        assert served.error(b"", path).code() is grpc.StatusCode.UNIMPLEMENTED
    elif name == "Aggregate":
        assert served.ask(b"\x0a\x03\x2a\x01s", path).strData == "aggregate"
    elif name in CALLS and name not in {"Route", "SendFeedback"}:
        assert served.ask(b"\x2a\x01s", path).strData == CALLS[name].value
    else:
        served.ask(b"" if name != "Route" else b"\x2a\x01s", path)


def test_more_connections_than_may_be_open_are_closed(serve):
    port = int(serve(Echo(), grpc_max_connections=2).target.rpartition(":")[2])

    def is_served():
        """Whether a new connection is greeted."""
        connection = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        connections.append(connection)
        with suppress(ConnectionResetError):
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            return connection.recv(1) != b""
        return False

    connections: list[socket.socket] = []
    assert [is_served() for _ in range(4)] == [True, True, False, False]
    connections[0].close()
    wait_until(is_served)
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("path", ["Model/Nothing", "Nothing/Predict"])
def test_an_unknown_method_is_unimplemented(serve, path):
    assert serve(Echo()).error(b"", path).code() is grpc.StatusCode.UNIMPLEMENTED


def test_metadata_that_are_wrong_are_an_error(serve):
    wrong = SeldonError("name is [1]", code=ErrorCode.BAD_METADATA)
    error = serve(Echo(), service={"metadata": wrong}).error(b"", "Model/Metadata")
    assert (error.code(), error.details()) == (grpc.StatusCode.INTERNAL, "name is [1]")


def test_every_error_code_has_a_status():
    assert set(STATUS_OF) == set(ErrorCode)


@pytest.mark.parametrize(
    ("raised", "code", "reason"),
    [
        (SeldonError("no"), "INVALID_ARGUMENT", "MICROSERVICE_BAD_DATA"),
        (SeldonError("no", reason="MINE"), "INVALID_ARGUMENT", "MINE"),
        (SeldonError("no", status_code=403), "PERMISSION_DENIED", "MICROSERVICE_BAD_DATA"),
        (SeldonError("no", status_code=418), "INVALID_ARGUMENT", "MICROSERVICE_BAD_DATA"),
        (SeldonError("no", status_code=599), "INTERNAL", "MICROSERVICE_BAD_DATA"),
        (SeldonError("no", code=ErrorCode.NOT_FOUND), "NOT_FOUND", "MICROSERVICE_NOT_FOUND"),
        (ValueError("no"), "INTERNAL", "MICROSERVICE_INTERNAL_ERROR"),
    ],
)
def test_an_error_has_status_message_reason_and_request_id(serve, raised, code, reason):
    error = serve(Raising(raised)).error(metadata=[("x-request-id", "r-1")])
    assert (error.code().name, error.details()) == (code, "no")
    assert trailers(error) == {"x-seldon-reason": reason, "x-request-id": "r-1"}


def test_an_exception_is_logged_under_the_request_id_that_the_client_gets(serve, caplog):
    error = serve(Raising(ValueError("deep inside"))).error()
    request_id = trailers(error)["x-request-id"]
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(records) == 1
    assert request_id in records[0].getMessage()
    assert records[0].exc_info


@pytest.mark.parametrize("sent", ["", "with space", "x" * 129])
def test_an_odd_request_id_is_replaced(serve, sent):
    error = serve(Raising(ValueError("no"))).error(metadata=[("x-request-id", sent)])
    assert trailers(error)["x-request-id"] not in {sent, ""}


@pytest.mark.parametrize(
    "text",
    ["grüß 日本 \U0001f600", "line\nline", "lone \ud800", "%41%"],
    ids=["beyond ASCII", "two lines", "lone surrogate", "per cent"],
)
def test_any_text_can_be_an_errors_message(serve, text, caplog):
    caplog.set_level(logging.CRITICAL, "seldon_runtime")  # no report can hold a lone surrogate
    assert serve(Raising(ValueError(text))).error().details() == text.replace("\ud800", "\\ud800")


@pytest.mark.parametrize("letter", ["x", "é", "日", "\U0001f600"])
def test_a_long_message_is_shortened_so_that_clients_take_it(serve, letter):
    details = serve(Raising(ValueError(letter * 100_000))).error().details()
    assert len(details) > 300
    assert details == letter * (len(details) - 1) + "…"


def test_bytes_that_are_no_message_are_the_callers_fault(serve):
    error = serve(Echo()).error(b"\xff\xff")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "seldon.protos.SeldonMessage" in error.details()


def test_interceptors_see_the_metadata_as_headers(serve):
    class Recorder:
        def intercept(self, call, proceed):
            self.call = call
            return proceed(call)

    served, recorder = serve(Echo()), Recorder()
    served.service.attach((), [recorder])
    served.ask(metadata=[("user", "me"), ("token-bin", b"\x00")], timeout=None)
    assert recorder.call.headers["user"] == "me"
    assert "token-bin" not in recorder.call.headers
    assert recorder.call.request_bytes == 3
    assert recorder.call.deadline is None


def test_a_call_whose_deadline_passes_in_the_queue_is_never_run(serve, gate):
    served = serve(gate)
    running = served.stub().future(SeldonMessage(strData="first"), timeout=LIMIT_S)
    gate.wait_until_entered()
    late = served.stub().future(SeldonMessage(strData="late"), timeout=0.1)
    assert late.exception(LIMIT_S).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    gate.open.set()
    assert running.result(LIMIT_S).strData == "first"
    assert served.ask(SeldonMessage(strData="last")).strData == "last"
    assert gate.seen == ["first", "last"]


def test_a_call_whose_client_has_gone_is_never_run(serve, gate, monkeypatch):
    served = serve(gate)
    running = served.stub().future(SeldonMessage(strData="first"), timeout=LIMIT_S)
    gate.wait_until_entered()
    submitted, submit = [], served.service.submit
    monkeypatch.setattr(
        served.service, "submit", lambda call, done: (submitted.append(call), submit(call, done))
    )
    gone = served.stub().future(SeldonMessage(strData="gone"), timeout=LIMIT_S)
    wait_until(lambda: submitted)
    gone.cancel()
    wait_until(lambda: submitted[0].cancelled)
    gate.open.set()
    assert running.result(LIMIT_S).strData == "first"
    assert served.ask(SeldonMessage(strData="last")).strData == "last"
    assert gate.seen == ["first", "last"]


def test_beyond_the_queue_calls_are_refused_at_once(serve, gate):
    served = serve(gate, queue_size=2)
    accepted = [served.stub().future(SeldonMessage(strData="a"), timeout=LIMIT_S)]
    gate.wait_until_entered()
    for _ in range(2):
        accepted.append(served.stub().future(SeldonMessage(strData="a"), timeout=LIMIT_S))
    wait_until(lambda: served.executor.waiting == 2)
    error = served.error()
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert trailers(error)["x-seldon-reason"] == "MICROSERVICE_OVERLOADED"
    gate.open.set()
    assert [call.result(LIMIT_S).strData for call in accepted] == ["a"] * 3


def test_messages_are_taken_up_to_the_limit(serve):
    served = serve(Echo(), grpc_max_message_bytes=5_000_000)
    served.ask(SeldonMessage(strData="x" * 4_100_000), "Model/SendFeedback")  # its answer is small
    error = served.error(SeldonMessage(strData="x" * 5_000_000))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in error.details()
    assert "5000000" in error.details()


def test_a_port_in_use_is_named_with_its_setting(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        with pytest.raises(StartupError, match=r"127\.0\.0\.1:\d+.*--grpc-port"):
            serve(Echo(), grpc_port=taken.getsockname()[1])


def test_two_servers_do_not_share_a_port(serve):
    port = int(serve(Echo()).target.rpartition(":")[2])
    with pytest.raises(StartupError, match="PREDICTIVE_UNIT_GRPC_SERVICE_PORT"):
        serve(Echo(), grpc_port=port)


def test_drain_finishes_accepted_calls_and_refuses_new_ones(serve, gate):
    served = serve(gate)
    accepted = [served.stub().future(SeldonMessage(strData=str(i)), timeout=LIMIT_S) for i in range(5)]
    gate.wait_until_entered()
    wait_until(lambda: served.executor.waiting == 4)
    served.transport.stop_accepting()
    error = served.error()
    assert (error.code(), trailers(error)["x-seldon-reason"]) == (
        grpc.StatusCode.UNAVAILABLE,
        "MICROSERVICE_UNAVAILABLE",
    )
    stopping = threading.Thread(target=served.transport.stop, args=(LIMIT_S,))
    stopping.start()
    assert not accepted[0].done()
    gate.open.set()
    assert [call.result(LIMIT_S).strData for call in accepted] == ["0", "1", "2", "3", "4"]
    stopping.join(LIMIT_S)
    assert not stopping.is_alive()


def test_stop_gives_up_on_calls_after_the_grace_period(serve, gate):
    served = serve(gate)
    stuck = served.stub().future(SeldonMessage(strData="s"), timeout=LIMIT_S)
    gate.wait_until_entered()
    served.transport.stop_accepting()
    began = time.monotonic()
    served.transport.stop(0.2)
    assert time.monotonic() - began < 5
    assert stuck.exception(LIMIT_S).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_a_transport_that_never_started_can_be_stopped(serve, plain_settings):
    GrpcTransport(serve(Echo()).service, Settings(plain_settings)).stop(1)


def test_the_runtimes_limit_is_told_while_a_call_runs_and_while_it_waits(serve, gate):
    served = serve(gate, service={"limits": Limits(timeout_s=0.1)})
    calls = [served.stub().future(SeldonMessage(strData=text)) for text in ("runs", "waits")]
    for call in calls:
        error = call.exception(LIMIT_S)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert error.details().startswith("the call was not answered within its time")
        assert trailers(error)["x-seldon-reason"] == "MICROSERVICE_DEADLINE_EXCEEDED"
    assert len(gate.seen) == 1
    gate.open.set()
    assert served.ask(SeldonMessage(strData="last"), timeout=None).strData == "last"
    assert len(gate.seen) == 2
