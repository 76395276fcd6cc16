"""The ASGI application: which lane a request takes, limits, leaving clients, draining, and faults."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.limits import Limits
from seldon_runtime_rest.answer import HttpAnswer
from seldon_runtime_rest.codec import RestCodec
from seldon_runtime_rest.json_text import dumper
from seldon_runtime_rest.lane import Lane

WAIT_S = 20.0
ECHO = b'{"strData":"x"}'
BODY_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART_TYPE = {"Content-Type": "multipart/form-data; boundary=line"}


class Identity:
    def predict(self, X, names):
        return X


class RawReply:
    def __init__(self, reply):
        self.reply = reply

    def predict_raw(self, message):
        return self.reply


def multipart(content: bytes) -> bytes:
    head = b'--line\r\nContent-Disposition: form-data; name="strData"\r\n\r\n'
    return head + content + b"\r\n--line--\r\n"


SENDING = {
    "JSON": (BODY_TYPE, lambda text: b'{"strData":"%s"}' % text),
    "JSON through Flask": ({"Content-Type": "application/x+json"}, lambda text: b'{"strData":"%s"}' % text),
    "form": (FORM_TYPE, lambda text: b'json={"strData":"%s"}' % text),
    "multipart": (MULTIPART_TYPE, multipart),
}
"""Headers and body that send a text, by each encoding."""
LIMIT = 1000


@pytest.fixture(scope="module")
def echo(make_app):
    return make_app(Identity())


@pytest.fixture(scope="module")
def server(serve_module):
    """One that takes bodies of LIMIT bytes."""
    return serve_module(Identity(), max_body_bytes=LIMIT)


@pytest.fixture
def lane(make_service, runner):
    """A lane that must not need Flask."""

    async def no_flask(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError(f"Flask was asked for {scope['path']}")

    codec = RestCodec(Limits(), dumper())
    service = make_service(Identity())
    return Lane(service, lambda method: codec, no_flask)


def ask(app: Any, lane: Lane, *request: Any) -> Any:
    """A request to a lane of its own, by the means of ``app``."""
    return type(app)(lane, app.service, app._runner).request(*request)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=UTF-8", "application/json ; x=y", "APPLICATION/JSON"],
)
def test_plain_json_calls_do_not_need_flask(echo, lane, content_type):
    answer = ask(echo, lane, "POST", "/predict", ECHO, {"Content-Type": content_type})
    assert (answer.status, answer.json) == (200, {"meta": {}, "strData": "x"})


@pytest.mark.parametrize("path", ["/health/ping", "/health/live", "/health/ready", "/health/status"])
def test_health_does_not_need_flask(echo, lane, path):
    assert ask(echo, lane, "GET", path).status == 200


@pytest.mark.parametrize("path", ["/health/ping", "/health/live", "/health/ready"])
def test_head_gives_the_headers_of_get_without_its_body(echo, path):
    got, headed = echo.request("GET", path), echo.request("HEAD", path)
    assert (headed.status, headed.headers, headed.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize("content_type", ["application/jsonl", "application/json-seq", "text/plain", ""])
def test_another_content_type_is_for_flask_to_refuse(echo, content_type):
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


def test_a_body_in_pieces_is_one_body(echo):
    answer = echo.request("POST", "/predict", [ECHO[:3], ECHO[3:7], ECHO[7:]], BODY_TYPE)
    assert answer.json["strData"] == "x"


@pytest.mark.parametrize("encoding", SENDING)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["announced", "not announced"])
class TestLimitOfBodies:
    def test_a_body_of_the_limits_size_is_taken(self, server, encoding, in_pieces):
        headers, write = SENDING[encoding]
        text = b"x" * (LIMIT - len(write(b"")))
        body = write(text)
        answer = server.request("POST", "/predict", [body[:99], body[99:]] if in_pieces else body, headers)
        assert (answer.status, answer.json) == (200, {"meta": {}, "strData": text.decode()})

    @pytest.mark.parametrize("surplus", [1, 1_000_000])
    def test_a_larger_one_is_a_413(self, server, encoding, in_pieces, surplus):
        headers, write = SENDING[encoding]
        body = write(b"x" * (LIMIT + surplus - len(write(b""))))
        connection = server.connect()
        pieces = [body[:99], body[99:]] if in_pieces else body
        answer = server.request("POST", "/predict", pieces, headers, over=connection)
        assert answer.status == 413
        assert answer.reason == "MICROSERVICE_TOO_LARGE"
        # What the client still sent has been read over, so the connection serves on.
        assert server.request("GET", "/health/ping", over=connection).body == b"pong"
        connection.close()


def test_a_too_large_body_that_is_announced_is_refused_before_it_is_sent(server):
    connection = server.connect()
    connection.putrequest("POST", "/predict")
    for name, value in {**BODY_TYPE, "Content-Length": "1001", "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert server.answer(connection).status == 413  # and no "100 Continue" before it
    connection.close()


@pytest.mark.parametrize("encoding", SENDING)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["announced", "not announced"])
def test_a_client_that_leaves_while_it_sends_makes_no_call(serve, encoding, in_pieces):
    class Keeping(Identity):
        def __init__(self):
            self.seen = []

        def predict(self, X, names):
            self.seen.append(X)
            return X

    user = Keeping()
    server = serve(user)
    headers, write = SENDING[encoding]
    # All of the text is there, so that what came could be taken for the whole.
    length = {"Transfer-Encoding": "chunked"} if in_pieces else {"Content-Length": "10000"}
    leaving = server.connect()
    leaving.putrequest("POST", "/predict")
    for name, value in {**headers, **length}.items():
        leaving.putheader(name, value)
    leaving.endheaders()
    body = write(b"x")
    leaving.send(b"%x\r\n%b\r\n" % (len(body), body) if in_pieces else body)
    leaving.close()
    connections = server.transport._server.server_state.connections
    tasks = server.transport._server.server_state.tasks
    deadline = time.monotonic() + WAIT_S
    while (connections or tasks) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not tasks
    assert server.post("/predict", {"strData": "next"}).status == 200
    assert user.seen == ["next"]


class Gated:
    """Its calls wait for the gate; the texts of those that began are kept."""

    def __init__(self):
        self.gate = threading.Event()
        self.began = threading.Event()
        self.seen = []

    def predict(self, X, names):
        self.seen.append(X)
        self.began.set()
        assert self.gate.wait(WAIT_S)
        return X


def test_a_client_that_leaves_before_its_call_begins_cancels_it(make_app):
    user = Gated()
    app = make_app(user)
    calls = []
    submit = app.service.submit
    app.service.submit = lambda call, done: (calls.append(call), submit(call, done))

    async def scene() -> tuple[Any, Any]:
        leave = asyncio.Event()
        first = asyncio.create_task(app.ask("POST", "/predict", b'{"strData":"first"}', BODY_TYPE))
        await asyncio.to_thread(user.began.wait, WAIT_S)
        second = asyncio.create_task(
            app.ask("POST", "/predict", b'{"strData":"second"}', BODY_TYPE, leave=leave)
        )
        leave.set()
        while not any(call.cancelled for call in calls):
            await asyncio.sleep(0.001)
        user.gate.set()
        return await first, await second

    first, second = app._runner.run(scene())
    assert first.json["strData"] == "first"
    assert second.reason == "MICROSERVICE_CANCELLED"
    assert user.seen == ["first"]


def test_a_client_that_leaves_while_its_call_runs_lets_it_finish(serve):
    user = Gated()
    server = serve(user)
    leaving = server.connect()
    leaving.request("POST", "/predict", ECHO, BODY_TYPE)
    assert user.began.wait(WAIT_S)
    leaving.close()
    user.gate.set()
    assert server.post("/predict", {"strData": "next"}).json["strData"] == "next"
    assert user.seen == ["x", "next"]


@pytest.mark.parametrize(
    ("verb", "target", "headers"),
    [
        ("GET", "/health/ready", {}),
        ("POST", "/predict", BODY_TYPE),
        ("POST", "/predict", FORM_TYPE),
        ("GET", "/metadata", {}),
        ("GET", "/no/such/path", {}),
    ],
)
def test_a_draining_service_closes_connections_with_each_answer(make_app, verb, target, headers):
    app = make_app(Identity())
    assert "connection" not in app.request(verb, target, ECHO, headers).headers
    app.service.draining = True
    assert app.request(verb, target, ECHO, headers).headers["connection"] == "close"


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
def test_a_call_that_was_running_when_draining_began_closes_its_connection_too(make_app, target):
    user = Gated()
    app = make_app(user)

    async def scene() -> Any:
        call = asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE))
        await asyncio.to_thread(user.began.wait, WAIT_S)
        app.service.draining = True
        user.gate.set()
        return await call

    assert app._runner.run(scene()).headers["connection"] == "close"


def test_readiness_is_what_the_service_says(make_app):
    app = make_app(Identity())
    assert (app.request("GET", "/health/ready").status, app.request("HEAD", "/health/ready").status) == (
        200,
        200,
    )
    app.service.ready = False
    answer = app.request("GET", "/health/ready")
    assert (answer.status, answer.json) == (503, {"ready": False})
    assert app.request("GET", "/health/live").status == 200
    assert app.request("GET", "/health/ping").body == b"pong"


class Listening:
    """An interceptor that keeps the calls."""

    def __init__(self):
        self.calls = []

    def intercept(self, call, proceed):
        self.calls.append(call)
        return proceed(call)


@pytest.mark.parametrize("encoding", SENDING)
def test_interceptors_see_headers_request_id_and_size_in_both_lanes(make_app, encoding):
    listening = Listening()
    app = make_app(Identity())
    app.service.attach([], [listening])
    headers, write = SENDING[encoding]
    given = {**headers, "X-Request-Id": "id-1", "Authorization": "Bearer é"}
    assert app.request("POST", "/predict", write(b"x"), given).status == 200
    (call,) = listening.calls
    assert call.headers["authorization"] == call.headers.get("authorization") == "Bearer é"
    assert call.headers.get("cookie") is None
    assert call.headers.get("☃") is None
    assert {"authorization", "x-request-id", "content-type"} <= set(call.headers) == {*dict(call.headers)}
    assert (call.request_id, call.request_bytes, call.transport) == ("id-1", len(write(b"x")), "rest")
    assert call.answer_bytes(HttpAnswer(200, b"four")) == 4


@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_whose_status_has_no_body_leaves_the_connection_in_order(serve, path, status):
    server = serve(RawReply({"status": {"code": status}}))
    connection = server.connect()
    for _ in range(2):
        answer = server.request("POST", path, ECHO, BODY_TYPE, over=connection)
        assert (answer.status, answer.body) == (status, b"")
        assert "content-length" not in answer.headers
    connection.close()


def test_a_fault_of_the_flask_application_is_a_500_and_logged_once(make_app, monkeypatch, caplog):
    monkeypatch.setenv("FLASK_DEBUG__X", "1")  # Flask cannot put a member into a boolean
    app = make_app(Identity())
    for _ in range(2):
        answer = app.request("GET", "/metadata")
        assert answer.status == 500
        assert answer.info == "the REST transport failed; its log says why"
    assert app.post("/predict", {"strData": "s"}).status == 200
    records = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(records) == 2
    assert records[0].exc_info


def test_a_fault_of_flask_in_the_midst_of_an_answer_ends_the_connection(serve, caplog):
    server = serve(Identity())

    async def half(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the other half is lost")

    server.transport._server.config.loaded_app._flask = half
    with pytest.raises(http.client.IncompleteRead):
        server.request("GET", "/metadata")
    assert [record.name for record in caplog.records if record.exc_info] == ["seldon_runtime_rest.lane"]


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
def test_a_fault_of_a_codec_or_interceptor_is_a_500_and_logged_with_its_traceback(make_app, caplog, target):
    class Broken:
        def intercept(self, call, proceed):
            raise RuntimeError("broken")

    app = make_app(Identity())
    app.service.attach([], [Broken()])
    answer = app.post(target, {"strData": "s"}, {"X-Request-Id": "id-7"})
    assert answer.status == 500
    assert answer.headers["x-request-id"] == "id-7"
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "id-7" in record.getMessage()
    assert "broken" in str(record.exc_info)


def test_an_answer_that_is_none_is_a_500_and_logged(make_app, caplog):
    class Odd:
        def intercept(self, call, proceed):
            return "no HttpAnswer"

    app = make_app(Identity())
    app.service.attach([], [Odd()])
    for target in ("/predict", "/predict?x=%20"):
        assert app.post(target, {"strData": "s"}).status == 500
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
def test_a_full_queue_is_a_503_at_once_that_says_when_to_come_back(make_app, target):
    user = Gated()
    app = make_app(user, queue_size=1)

    async def scene() -> list[Any]:
        tasks = [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE))]
        await asyncio.to_thread(user.began.wait, WAIT_S)
        tasks += [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE)) for _ in range(3)]
        refused, _ = await asyncio.wait(tasks, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        while len(refused) < 2:
            refused, _ = await asyncio.wait(tasks, timeout=0.01)
        user.gate.set()
        return await asyncio.gather(*tasks)

    answers = app._runner.run(scene())
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503]
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.headers["retry-after"] == "1"
    assert refused.reason == "MICROSERVICE_OVERLOADED"


@pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
@pytest.mark.parametrize("status", [400, 403, 404, 418, 503, 599])
def test_user_code_may_choose_the_status_of_its_error(make_app, target, status):
    class Refusing:
        def predict(self, X, names):
            raise SeldonError("not today", status_code=status, reason="CLOSED")

    answer = make_app(Refusing()).post(target, {"strData": "s"})
    assert (answer.status, answer.info, answer.reason) == (status, "not today", "CLOSED")


def test_json_written_by_the_lane_and_json_read_by_a_client_agree(echo):
    value = {"é": ["\u2028", "😀", "\x7f", 2**70, 1e308, None, True, {}]}
    answer = echo.post("/predict", {"jsonData": value})
    assert answer.body.isascii()
    assert answer.json["jsonData"] == json.loads(json.dumps(value))
