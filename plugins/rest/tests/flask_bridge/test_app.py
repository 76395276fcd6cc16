"""The Flask application: the answers of both lanes, its configuration, and user error handlers."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

import flask
import numpy as np
import pytest

from seldon_runtime import Response, SeldonError
from seldon_runtime_rest.v1 import paths

JSON_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class Everything:
    """Answers every call, and says what it was called with."""

    def predict(self, X, names, meta=None):
        if isinstance(X, str) and X == "raise":
            raise ValueError("boom")
        if isinstance(X, str) and X == "refuse":
            raise SeldonError("refused", status_code=409)
        if isinstance(X, str) and X == "exit":
            sys.exit(3)
        if isinstance(X, str) and X == "nothing":
            return None
        return X

    def transform_input(self, X, names):
        return Response(X, tags={"names": list(names)})

    def transform_output(self, X, names):
        return X

    def route(self, X, names):
        return 1

    def aggregate(self, X, names):
        return X[0]

    def send_feedback(self, X, names, reward, truth, routing=None):
        return {"reward": reward, "X": np.asarray(X).tolist(), "routing": routing}

    def tags(self):
        return {"own": True}

    def metrics(self):
        return [{"type": "COUNTER", "key": "calls", "value": 1}]

    def health_status(self):
        return {"well": True}


@pytest.fixture(scope="module")
def app(make_app):
    return make_app(Everything(), max_nesting=20)


MESSAGES = {
    "ndarray": {"data": {"names": ["a", "b"], "ndarray": [[1, 2.5], [3, 4]]}},
    "text beside numbers": {"data": {"ndarray": [["é", 1, None]]}},
    "tensor": {"data": {"tensor": {"shape": [2, 1], "values": [1, 2]}}},
    "tftensor": {
        "data": {
            "tftensor": {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "1"}]}, "floatVal": [1.5]}
        }
    },
    "strData": {"strData": "é"},
    "binData": {"binData": "AAEC"},
    "jsonData": {"jsonData": {"a": [1, None, {"b": 2**70}]}},
    "meta": {
        "strData": "s",
        "meta": {"puid": "p", "tags": {"t": 1}, "requestPath": {"a": "b"}, "metrics": [{"k": 1}]},
    },
    "feedback": {
        "request": {"data": {"ndarray": [[1]]}},
        "response": {"meta": {"routing": {"0": 2}}},
        "reward": 0.5,
    },
    "several": {"seldonMessages": [{"strData": "a"}, {"strData": "b"}]},
    "a list": [{"strData": "a"}],
    "user code raises": {"strData": "raise"},
    "user code refuses": {"strData": "refuse"},
    "user code exits": {"strData": "exit"},
    "user code answers nothing": {"strData": "nothing"},
    "no payload": {"x": 1},
    "ragged": {"data": {"ndarray": [[1], [2, 3]]}},
    "wrong shape": {"data": {"tensor": {"shape": [3], "values": [1, 2]}}},
    "bad base64": {"binData": "*"},
    "bad meta": {"strData": "s", "meta": []},
    "a number": 5,
    "null": None,
    "nests too deeply": json.loads("[" * 21 + "]" * 21),
}

ENCODINGS = {
    "JSON through Flask": lambda text: ("POST", "?x=%20", text.encode(), JSON_TYPE),
    "JSON of another type": lambda text: ("POST", "", text.encode(), {"Content-Type": "application/x+json"}),
    "JSON in UTF-16": lambda text: ("POST", "?x=%20", text.encode("utf-16"), JSON_TYPE),
    "form": lambda text: ("POST", "", b"json=" + quote(text).encode(), FORM_TYPE),
    "query": lambda text: ("POST", "?json=" + quote(text), b"", {}),
    "query of GET": lambda text: ("GET", "?json=" + quote(text), b"", {}),
    "body of GET": lambda text: ("GET", "", text.encode(), JSON_TYPE),
}


def comparable(answer: Any) -> tuple[Any, ...]:
    """An answer without the request ids that were made up."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status, headers, answer.body, "x-request-id" in answer.headers


@pytest.mark.parametrize("path", paths.CALLS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_both_lanes_answer_the_same(app, path, encoding):
    """What the plain lane answers to a JSON body, Flask answers however the same JSON is sent."""
    verb, _, _, _ = ENCODINGS[encoding]("")
    if verb not in paths.CALLS[path][1]:
        assert app.request(verb, path).status == 405
        return
    for name, message in MESSAGES.items():
        text = json.dumps(message)
        plain = app.request("POST", path, text.encode(), JSON_TYPE)
        verb, query, body, headers = ENCODINGS[encoding](text)
        assert comparable(app.request(verb, path + query, body, headers)) == comparable(plain), name


@pytest.mark.parametrize("path", paths.CALLS)
def test_a_multipart_form_is_answered_like_the_json_it_makes(app, path):
    for name, message in MESSAGES.items():
        if not isinstance(message, dict):
            continue
        parts = [
            f'--line\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
            f"{value if key == 'strData' else json.dumps(value)}\r\n"
            for key, value in message.items()
        ]
        body = ("".join(parts) + "--line--\r\n").encode()
        answer = app.request("POST", path, body, {"Content-Type": "multipart/form-data; boundary=line"})
        plain = app.request("POST", path, json.dumps(message).encode(), JSON_TYPE)
        assert comparable(answer) == comparable(plain), name


@pytest.mark.parametrize("path", paths.HEALTH_STATUS)
def test_both_lanes_answer_the_same_about_health(app, path):
    plain, headed = app.request("GET", path), app.request("HEAD", path)
    assert (plain.status, plain.json["jsonData"]) == (200, {"well": True})
    assert (headed.status, headed.headers) == (plain.status, plain.headers)


@pytest.mark.parametrize(
    ("verb", "path", "status", "reason"),
    [
        ("GET", "/nothing", 404, "MICROSERVICE_NOT_FOUND"),
        ("POST", "/nothing", 404, "MICROSERVICE_NOT_FOUND"),
        ("GET", "/predict/", 404, "MICROSERVICE_NOT_FOUND"),
        ("POST", "/seldon.json", 405, "MICROSERVICE_BAD_DATA"),
        ("PUT", "/predict", 405, "MICROSERVICE_BAD_DATA"),
        ("GET", "/api/v1.0/predictions", 405, "MICROSERVICE_BAD_DATA"),
        ("POST", "/health/ping", 405, "MICROSERVICE_BAD_DATA"),
        ("POST", "/predict", 415, "MICROSERVICE_BAD_DATA"),
        ("GET", "/predict", 400, "MICROSERVICE_BAD_DATA"),
    ],
)
def test_refusals_of_flask_have_the_protocols_error_body(app, verb, path, status, reason):
    answer = app.request(verb, path)
    assert (answer.status, answer.reason) == (status, reason)
    assert answer.headers["content-type"] == "application/json"
    assert answer.info
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20", "/predict?json={", "/no/such/path"])
def test_refusals_carry_the_clients_request_id(app, path):
    answer = app.request("POST", path, b"{", {**JSON_TYPE, "X-Request-Id": "id-9"})
    assert answer.status in (400, 404)
    assert answer.headers["x-request-id"] == "id-9"


@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20"])
def test_an_exception_shows_its_message_only_if_that_is_wanted(make_app, path):
    for details, info in ((True, "ValueError: boom"), (False, "the component failed")):
        answer = make_app(Everything(), error_details=details).post(path, {"strData": "raise"})
        assert answer.status == 500
        assert answer.info.startswith(info)
        assert not details or answer.info == "ValueError: boom"
        assert details or answer.headers["x-request-id"] in answer.info


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("FLASK_TESTING", "True", "TESTING", True),
        ("FLASK_TESTING", "False", "TESTING", False),
        ("FLASK_DEBUG", "true", "DEBUG", True),
        ("FLASK_SECRET_KEY", "some text", "SECRET_KEY", "some text"),
        ("FLASK_MINE", '{"a": [1, null]}', "MINE", {"a": [1, None]}),
        ("FLASK_MINE", "5", "MINE", 5),
        ("FLASK_MAX_CONTENT_LENGTH", "1", "MAX_CONTENT_LENGTH", None),
    ],
)
def test_flask_variables_configure_the_application(make_app, monkeypatch, variable, text, key, value):
    seen: list[Any] = []

    class Looking(Everything):
        model_error_handler = flask.Blueprint("looking", __name__)

    @Looking.model_error_handler.before_app_request
    def look() -> None:
        seen.append(flask.current_app.config[key])

    monkeypatch.setenv(variable, text)
    assert make_app(Looking()).post("/predict", {"strData": "s"}).status == 200
    assert seen == [value]
    assert type(seen[0]) is type(value)


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        ({}, b'{"jsonData":{"a":"\\u00e9","b":1},"meta":{}}\n'),
        ({"FLASK_JSON_SORT_KEYS": "False"}, b'{"meta":{},"jsonData":{"b":1,"a":"\\u00e9"}}\n'),
        ({"FLASK_JSON_AS_ASCII": "false"}, '{"jsonData":{"a":"é","b":1},"meta":{}}\n'.encode()),
        (
            {"FLASK_JSONIFY_PRETTYPRINT_REGULAR": "True"},
            b'{\n  "jsonData": {\n    "a": "\\u00e9",\n    "b": 1\n  },\n  "meta": {}\n}\n',
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
def test_flask_variables_choose_the_look_of_the_json(make_app, monkeypatch, variables, text, path):
    class Echo:
        def predict(self, X, names):
            return X

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert make_app(Echo()).post(path, {"jsonData": {"b": 1, "a": "é"}}).body == text


class Own(Exception):
    """An exception that the user's blueprint handles."""


class Handling(Everything):
    model_error_handler = flask.Blueprint("own", __name__)

    def predict(self, X, names):
        if X == "own":
            raise Own("mine")
        if X == "web":
            flask.abort(418)
        return super().predict(X, names)

    def health_status(self):
        raise Own("not well")

    @staticmethod
    @model_error_handler.app_errorhandler(Own)
    def answer(error):
        return flask.Response(f"own: {error}", 402, content_type="text/x-own")


class TestUsersErrorHandler:
    @pytest.fixture
    def app(self, make_app):
        return make_app(Handling())

    def test_sees_its_own_exceptions(self, app):
        answer = app.post("/predict", {"strData": "own"})
        assert (answer.status, answer.body) == (402, b"own: mine")
        assert answer.headers["content-type"] == "text/x-own"

    def test_sees_those_of_health_too(self, app):
        assert app.request("GET", "/health/status").body == b"own: not well"

    def test_is_not_asked_about_others(self, app):
        answer = app.post("/predict", {"strData": "raise"})
        assert (answer.status, answer.info) == (500, "ValueError: boom")
        assert app.post("/predict", {"strData": "refuse"}).status == 409
        assert app.post("/predict", {"strData": "exit"}).status == 500
        assert app.post("/predict", {"x": 1}).status == 400
        assert app.post("/predict", {"strData": "s"}).status == 200

    def test_the_exception_is_logged_once_all_the_same(self, app, caplog):
        app.post("/predict", {"strData": "own"})
        assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1

    def test_hides_details_when_they_are_not_wanted_but_in_its_own_answers(self, make_app):
        app = make_app(Handling(), error_details=False)
        assert "boom" not in app.post("/predict", {"strData": "raise"}).info
        assert app.post("/predict", {"strData": "own"}).body == b"own: mine"


@pytest.mark.parametrize("path", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])
def test_a_passed_through_body_reaches_predict_raw_as_bytes(make_app, path):
    class Raw:
        def predict_raw(self, body):
            return b"%d " % len(body) + body

        def transform_input(self, X, names):
            return X

    app = make_app(Raw(), "--payload-passthrough")
    answer = app.request("POST", path, b"\xff{", JSON_TYPE)
    assert (answer.status, answer.body) == (200, b"2 \xff{")
    assert answer.headers["content-type"] == "application/json"
    assert app.request("POST", path, b"\x00", {"Content-Type": "image/png"}).body == b"1 \x00"
    assert app.post("/transform-input", {"strData": "s"}).json["strData"] == "s"


@pytest.mark.parametrize("status", [999, 600, 199, 101, 42, 0, -1, 1000, "abc", "200abc", "999 Odd", "2 00"])
def test_an_impossible_status_of_a_users_handler_is_a_500_that_names_it(make_app, caplog, status):
    class Failing:
        model_error_handler = flask.Blueprint("failing", __name__)

        def predict(self, X, names):
            raise LookupError

    @Failing.model_error_handler.app_errorhandler(LookupError)
    def handle(error):
        return {"own": True}, status

    answer = make_app(Failing()).post("/predict", {"strData": "x"})
    assert answer.status == 500
    assert answer.info.startswith("a handler of model_error_handler gave the status ")
    assert answer.info.endswith("expected 200 to 599")
    (record,) = [record for record in caplog.records if "model_error_handler" in record.message]
    assert record.levelname == "ERROR"
