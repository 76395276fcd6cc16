"""Faults of the transport, of codecs and of interceptors: answered, and logged once."""

from __future__ import annotations

import http.client
from typing import Any

import pytest


class Identity:
    def predict(self, X, names):
        return X


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

    server.transport._server.config.loaded_app._flask_lane._flask = half
    with pytest.raises(http.client.IncompleteRead):
        server.request("GET", "/metadata")
    assert [record.name for record in caplog.records if record.exc_info] == ["seldon_runtime_rest.flask_lane"]


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
