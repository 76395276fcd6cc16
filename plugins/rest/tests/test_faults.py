"""Faults of the transport, of codecs and of interceptors: answered, and logged once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import flask
import pytest

from seldon_runtime.plugin import ErrorCode, Interceptor, SeldonError
from seldon_runtime.testing import WAIT_S

from .components import Identity

JSON_TYPE = {"Content-Type": "application/json"}


def test_a_fault_of_the_flask_application_is_a_500_and_logged_once(make_app, monkeypatch, caplog):
    monkeypatch.setenv("FLASK_DEBUG__X", "1")  # Flask cannot put a member into a boolean
    app = make_app(Identity())
    for _ in range(2):
        answer = app.request("GET", "/docs/")
        assert answer.status == 500
        assert answer.info == "the REST transport failed; its log says why"
    assert app.post("/predict", {"strData": "s"}).status == 200
    records = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(records) == 2
    assert records[0].exc_info


def test_a_fault_of_flask_in_the_midst_of_an_answer_is_a_500(make_app, caplog):
    class Handling(Identity):
        model_error_handler = flask.Blueprint("half", __name__)

    @Handling.model_error_handler.get("/half")
    def half() -> flask.Response:
        def parts() -> Iterator[bytes]:
            yield b"half"
            raise RuntimeError("the other half is lost")

        return flask.Response(parts())

    app = make_app(Handling())
    answer = app.request("GET", "/half")
    assert (answer.status, answer.info) == (500, "the REST transport failed; its log says why")
    assert ["the other half" in str(record.exc_info) for record in caplog.records] == [True]


class Failing(Interceptor):
    """Fails in one of its phases."""

    def __init__(self, phase):
        self.phase = phase

    def admit(self, call):
        if self.phase == "admit":
            raise RuntimeError("broken")

    def after(self, call, answer):
        if self.phase == "after":
            raise RuntimeError("broken")
        return answer


@pytest.mark.parametrize("phase", ["admit", "after"])
@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "in a thread"])
def test_a_fault_of_an_interceptor_is_a_500_and_logged_with_its_traceback(make_app, caplog, target, phase):
    app = make_app(Identity())
    app.service.attach([], [Failing(phase)])
    answer = app.post(target, {"strData": "s"}, {"X-Request-Id": "id-7"})
    assert answer.status == 500
    assert answer.headers["x-request-id"] == "id-7"
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "id-7" in record.getMessage()
    assert "broken" in str(record.exc_info)


class Telling(Interceptor):
    """Adds response headers."""

    def __init__(self, headers):
        self.headers = headers

    def admit(self, call):
        call.response_headers = self.headers


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20", "/metadata"])
def test_the_headers_of_a_call_are_sent_with_answers_and_errors(make_app, target):
    app = make_app(Identity())
    app.service.attach([], [Telling({"X-Own": "é", "Retry-After": "1"})])
    for value in ({"strData": "s"}, {}):
        verb = "GET" if target == "/metadata" else "POST"
        answer = app.request(verb, target, json.dumps(value).encode(), JSON_TYPE)
        assert (answer.headers["x-own"], answer.headers["retry-after"]) == ("é", "1")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Own": "a\r\nX-Other: b"},
        {"X Own": "a"},
        {"": "a"},
        {"X-Own": "☃"},
        {"X-Own": 5, "Y: ": "x"},
        {"Content-Length": "1"},
        {"transfer-encoding": "chunked"},
        {"Connection": "close"},
        {"Content-Type": "text/html"},
    ],
    ids=str,
)
def test_a_header_that_is_not_valid_is_a_500_and_logged_once(make_app, caplog, headers):
    app = make_app(Identity())
    app.service.attach([], [Telling(headers)])
    answer = app.post("/predict", {"strData": "s"}, {"X-Request-Id": "id-7"})
    assert (answer.status, answer.info) == (
        500,
        "a plugin of the server failed; see its log for request id-7",
    )
    assert answer.headers.keys() == {"content-type", "content-length", "x-request-id"}
    (record,) = caplog.records
    assert "Telling.admit" in record.getMessage()
    assert "call.response_headers" in str(record.exc_info)


def test_the_headers_and_status_of_an_error_are_checked_where_it_is_made(make_app):
    class Raising(Identity):
        def predict(self, X, names):
            raise SeldonError("wait", **arguments[X])

    arguments = {
        "number": {"status_code": 400.0, "headers": {"Retry-After": 3}},
        "type": {"headers": {"Content-Type": "text/html"}},
    }
    app = make_app(Raising())
    answer = app.post("/predict", {"strData": "number"})
    assert (answer.status, answer.info, answer.headers["retry-after"]) == (400, "wait", "3")
    answer = app.post("/predict", {"strData": "type"})
    assert answer.status == 500
    assert answer.info == "ValueError: SeldonError.headers has 'Content-Type', which the server sets itself"


def test_an_error_brings_headers_of_its_own(make_app):
    class Guarding(Interceptor):
        def admit(self, call):
            raise SeldonError(
                "who are you?", code=ErrorCode.UNAUTHENTICATED, headers={"WWW-Authenticate": "Bearer"}
            )

    app = make_app(Identity())
    app.service.attach([], [Guarding()])
    for answer in (app.post("/predict", {"strData": "s"}), app.request("GET", "/metadata")):
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert app.request("GET", "/health/ready").status == 200


def test_a_server_that_fails_says_so(serve, caplog):
    server = serve(Identity())
    failed = threading.Event()
    server.service.attach(on_failure=failed.set)
    loop = server.transport._loop
    loop.call_soon_threadsafe(loop.stop)
    assert failed.wait(WAIT_S)
    assert server.service.failure == "the HTTP server failed; its log says why"
