"""User code reads the HTTP request of its call from ``flask.request``, wherever it imports Flask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

AT_THE_TOP = """
from flask import g, request
class Reading:
"""
IN_A_METHOD = """
class Reading:
"""
BODY = """
    def predict(self, X, features_names):
        {imports}
        seen = getattr(g, "seen", 0)
        g.seen = 1
        return {{
            "tenant": request.headers.get("X-Tenant"), "method": request.method, "path": request.path,
            "args": dict(request.args), "json": request.get_json(silent=True), "form": dict(request.form),
            "client": request.remote_addr, "seen": seen,
        }}
"""
SOURCES = {
    "top": AT_THE_TOP + BODY.format(imports="pass"),
    "method": IN_A_METHOD + BODY.format(imports="from flask import g, request"),
}
ROW = {"strData": "x"}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_a_method_sees_the_request_of_its_own_call(seldon_run: Callable[..., Any], source: str) -> None:
    server = seldon_run("Reading", "REST", source=source)
    for tenant in ("acme", "other"):
        seen = server.post("/predict?a=1", ROW, {"X-Tenant": tenant}).json["jsonData"]
        assert (seen["tenant"], seen["method"], seen["path"]) == (tenant, "POST", "/predict")
        assert (seen["args"], seen["json"], seen["form"]) == ({"a": "1"}, ROW, {})
        assert (seen["client"], seen["seen"]) == ("127.0.0.1", 0)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    seen = server.request("POST", "/predict", b"json=%7B%22strData%22%3A%22x%22%7D", form).json["jsonData"]
    assert seen["form"] == {"json": '{"strData":"x"}'}


def test_a_class_with_an_error_handler_sees_the_request_too(seldon_run: Callable[..., Any]) -> None:
    source = """
        from flask import Blueprint, request
        class Handling:
            model_error_handler = Blueprint("errors", __name__)
            def predict(self, X, features_names):
                return request.headers["X-Tenant"]
    """
    server = seldon_run("Handling", "REST", source=source)
    assert server.post("/predict", ROW, {"X-Tenant": "acme"}).json["strData"] == "acme"


def test_without_a_rest_call_flask_says_that_there_is_no_request(seldon_run: Callable[..., Any]) -> None:
    server = seldon_run("Reading", "REST,GRPC", source=SOURCES["method"])
    assert server.post("/predict", ROW).status == 200
    with (
        server.grpc_client() as client,
        pytest.raises(Exception, match="Working outside of application context"),
    ):
        client.predict("x")
