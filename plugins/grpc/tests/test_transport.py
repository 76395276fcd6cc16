"""The server: statuses, deadlines, limits, and how it stops."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress

import grpc
import pytest

from seldon_runtime.plugin import ErrorCode, Interceptor, Method, SeldonError
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_grpc.status import STATUS_OF
from seldon_runtime_grpc.v1.services import CALLS, SERVICES, STREAM

from .components import Echo

_GOAWAY = 7
"""The type of a frame (RFC 9113, section 6.8)."""


class Raising:
    """Raises what it was made with."""

    def __init__(self, error):
        self.error = error

    def predict(self, X, features_names):
        raise self.error


def trailers(error):
    return dict(error.trailing_metadata())


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
    name = path.rpartition("/")[2].removesuffix(STREAM)
    if name == "GraphMetadata":
        assert served.error(b"", path).code() is grpc.StatusCode.UNIMPLEMENTED
    elif name == "Aggregate":
        assert served.ask(b"\x0a\x03\x2a\x01s", path).strData == "aggregate"
    elif name in CALLS and name not in {"Route", "SendFeedback", "Metadata", "ModelMetadata"}:
        assert served.ask(b"\x2a\x01s", path).strData == CALLS[name].value
    else:
        served.ask(b"" if name != "Route" else b"\x2a\x01s", path)


def test_more_connections_than_may_be_open_are_closed(serve):
    port = int(serve(Echo(), grpc_max_connections=2).target.rpartition(":")[2])

    def is_served():
        """Whether a new connection is greeted."""
        connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        connections.append(connection)
        with suppress(ConnectionResetError):
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            return connection.recv(1) != b""
        return False

    connections: list[socket.socket] = []
    assert [is_served() for _ in range(4)] == [True, True, False, False]
    connections[0].close()
    wait_until(is_served, "the call to be served")
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
        (
            SeldonError("no", code=ErrorCode.UNAUTHENTICATED),
            "UNAUTHENTICATED",
            "MICROSERVICE_UNAUTHENTICATED",
        ),
        (SeldonError("no", code=ErrorCode.FORBIDDEN), "PERMISSION_DENIED", "MICROSERVICE_FORBIDDEN"),
        (SeldonError("no", code=ErrorCode.RATE_LIMITED), "RESOURCE_EXHAUSTED", "MICROSERVICE_RATE_LIMITED"),
        (ValueError("no"), "INTERNAL", "MICROSERVICE_INTERNAL_ERROR"),
    ],
)
def test_an_error_has_status_message_reason_and_request_id(serve, raised, code, reason):
    error = serve(Raising(raised)).error(metadata=[("x-request-id", "r-1")])
    details = "no" if isinstance(raised, SeldonError) else "ValueError: no"
    assert (error.code().name, error.details()) == (code, details)
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
    assert serve(Raising(ValueError(text))).error().details() == f"ValueError: {text}".replace(
        "\ud800", "\\ud800"
    )


@pytest.mark.parametrize("letter", ["x", "é", "日", "\U0001f600"])
def test_a_long_message_is_shortened_so_that_clients_take_it(serve, letter):
    details = serve(Raising(ValueError(letter * 100_000))).error().details()
    assert len(details) > 300
    assert details == f"ValueError: {letter * 100_000}"[: len(details) - 1] + "…"


def test_bytes_that_are_no_message_are_the_callers_fault(serve):
    error = serve(Echo()).error(b"\xff\xff")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "seldon.protos.SeldonMessage" in error.details()


def test_interceptors_see_the_metadata_as_headers(serve):
    class Recorder(Interceptor):
        def admit(self, call):
            self.call = call

    served, recorder = serve(Echo()), Recorder()
    served.service.attach((), [recorder])
    served.ask(metadata=[("user", "me"), ("token-bin", b"\x00")], timeout=None)
    assert recorder.call.headers["user"] == "me"
    assert recorder.call.headers["token-bin"] == "AA=="
    assert recorder.call.request_bytes == 3
    assert recorder.call.deadline is None


def test_one_process_tells_its_clients_to_connect_anew(serve):
    served = serve(Raising(SeldonError("no")), grpc_max_connection_age_s=0.2)
    host, _, port = served.target.rpartition(":")
    with socket.create_connection((host, int(port)), WAIT_S) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
        with connection.makefile("rb") as frames:
            while (head := frames.read(9))[3] != _GOAWAY:
                frames.read(int.from_bytes(head[:3], "big"))
