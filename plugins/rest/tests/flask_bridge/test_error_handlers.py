"""The error handlers of a user's blueprint, and an impossible status of one."""

from __future__ import annotations

import flask
import pytest

from .every_method import Everything


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
