"""Requests to every kind of route, and their responses."""

from __future__ import annotations

import json
from typing import Any

import flask
import pytest

from seldon_runtime.plugin import Interceptor, SeldonError, Settings
from seldon_runtime_rest.asgi import application
from seldon_runtime_rest.flask_bridge.threads import RequestThreads

from .components import Identity

ECHO = b'{"strData":"x"}'
BODY_TYPE = {"Content-Type": "application/json"}

DESCRIPTION = ("/docs", "/docs/", "/docs/start.js", "/docs/assets/swagger-ui.css", "/seldon.json")


class RawReply:
    def __init__(self, reply):
        self.reply = reply

    def predict_raw(self, message):
        return self.reply


@pytest.fixture(scope="module")
def echo(make_app):
    return make_app(Identity())


@pytest.fixture
def without_threads(monkeypatch):
    """No request may be read in a thread."""

    def refuse(self: RequestThreads, work: Any, done: Any) -> None:
        raise AssertionError("a thread was wanted")

    monkeypatch.setattr(RequestThreads, "run", refuse)


@pytest.mark.usefixtures("without_threads")
class TestRequestsThatNeedNoThread:
    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "application/json;charset=UTF-8", "application/json ; x=y", "APPLICATION/JSON"],
    )
    @pytest.mark.parametrize("path", ["/predict", "/predict?x=1"])
    @pytest.mark.parametrize("verb", ["GET", "POST"])
    def test_plain_json_calls(self, echo, verb, path, content_type):
        answer = echo.request(verb, path, ECHO, {"Content-Type": content_type})
        assert (answer.status, answer.json) == (200, {"meta": {}, "strData": "x"})

    @pytest.mark.parametrize(
        "path",
        ["/health/ping", "/health/live", "/health/ready", "/health/status", "/metadata", "/seldon.json"],
    )
    def test_information(self, echo, path):
        assert echo.request("GET", path).status == 200

    @pytest.mark.parametrize(("verb", "path", "status"), [("GET", "/x", 404), ("PUT", "/predict", 405)])
    def test_refusals(self, echo, verb, path, status):
        assert echo.request(verb, path).status == status


@pytest.mark.parametrize("path", ["/health/ping", "/health/live", "/health/ready"])
def test_head_gives_the_headers_of_get_without_its_body(echo, path):
    got, headed = echo.request("GET", path), echo.request("HEAD", path)
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize("content_type", ["application/jsonl", "application/json-seq", "text/html", ""])
def test_another_content_type_is_refused(echo, content_type):
    answer = echo.request("POST", "/predict", ECHO, {"Content-Type": content_type})
    assert answer.status == 415
    assert answer.reason == "MICROSERVICE_BAD_DATA"


@pytest.mark.parametrize("query", ["json={}", "a=b&json={}", "%6Ason={}", "js%6fn={}"])
def test_json_in_the_query_wins_over_the_body_however_it_is_written(echo, query):
    answer = echo.request("POST", "/predict?" + query, ECHO, BODY_TYPE)
    assert answer.status == 400
    assert "expected data, jsonData, strData or binData" in answer.info


def test_another_query_is_ignored(echo):
    assert echo.post("/predict?x=1&y=%20", {"strData": "s"}).json["strData"] == "s"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/predict", "GET, HEAD, OPTIONS, POST"),
        ("/api/v1.0/predictions", "OPTIONS, POST"),
        ("/health/ping", "GET, HEAD, OPTIONS"),
        ("/metadata", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_and_refused_methods_tell_what_is_allowed(echo, path, allowed):
    for verb, status in (("OPTIONS", 200), ("DELETE", 405)):
        answer = echo.request(verb, path)
        assert answer.status == status
        assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed


class Listening(Interceptor):
    """An interceptor that keeps the calls."""

    def __init__(self):
        self.calls = []

    def admit(self, call):
        self.calls.append(call)


def test_interceptors_see_headers_request_id_and_size_however_the_message_is_sent(make_app, sending):
    listening = Listening()
    app = make_app(Identity())
    app.service.attach([], [listening])
    headers, write = sending
    given = {**headers, "X-Request-Id": "id-1", "Authorization": "Bearer é"}
    assert app.request("POST", "/predict", write(b"x"), given).status == 200
    (call,) = listening.calls
    assert call.headers["authorization"] == call.headers.get("authorization") == "Bearer é"
    assert call.headers.get("cookie") is None
    assert call.headers.get("☃") is None
    assert {"authorization", "x-request-id", "content-type"} <= set(call.headers) == {*dict(call.headers)}
    assert (call.request_id, call.request_bytes, call.transport) == ("id-1", len(write(b"x")), "rest")


@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20"], ids=["plain", "in a thread"])
@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_whose_status_has_no_body_leaves_the_connection_in_order(serve, path, status):
    server = serve(RawReply({"status": {"code": status}}))
    connection = server.connect()
    for _ in range(2):
        answer = server.request("POST", path, ECHO, BODY_TYPE, over=connection)
        assert (answer.status, answer.body) == (status, b"")
        assert "content-length" not in answer.headers
    connection.close()


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "in a thread"])
@pytest.mark.parametrize("status", [400, 403, 404, 418, 503, 599])
def test_user_code_may_choose_the_status_of_its_error(make_app, target, status):
    class Refusing:
        def predict(self, X, names):
            raise SeldonError("not today", status_code=status, reason="CLOSED")

    answer = make_app(Refusing()).post(target, {"strData": "s"})
    assert (answer.status, answer.info, answer.reason) == (status, "not today", "CLOSED")


def test_json_written_by_the_server_and_json_read_by_a_client_agree(echo):
    value = {"é": ["\u2028", "😀", "\x7f", 2**70, 1e308, None, True, {}]}
    answer = echo.post("/predict", {"jsonData": value})
    assert answer.body.isascii()
    assert answer.json["jsonData"] == json.loads(json.dumps(value))


@pytest.mark.parametrize("has_blueprint", [False, True], ids=["plain", "with a blueprint"])
def test_the_description_can_be_switched_off(make_app, settings, has_blueprint):
    class Described:
        def predict(self, X, names):
            return X

    user = Described()
    if has_blueprint:
        user.model_error_handler = flask.Blueprint("errors", __name__)
    app = make_app(user)
    with_docs = [app.request("GET", path).status for path in DESCRIPTION]
    off = Settings({**settings(), "docs": False}, ("rest",))
    app.app = application(app.service, off)
    assert max(with_docs) < 400
    assert [app.request("GET", path).status for path in DESCRIPTION] == [404] * len(DESCRIPTION)
    assert app.request("GET", "/metadata").status == 200
