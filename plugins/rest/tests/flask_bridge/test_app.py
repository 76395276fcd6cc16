"""The Flask application: its refusals, its configuration, and bodies that it passes through."""

from __future__ import annotations

from typing import Any

import flask
import pytest

from .every_method import JSON_TYPE, Everything


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
