"""The documentation page is served with its files, and its policy lets it ask only this server."""

from __future__ import annotations

import pytest
from flask import Flask

from seldon_runtime_rest.flask_bridge.docs_page import docs_blueprint


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(docs_blueprint())
    return app


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_page_is_served_with_and_without_slash(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert b"swagger-ui" in answer.data


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/docs", 302),
        ("/docs/", 200),
        ("/docs/start.js", 200),
        ("/docs/assets/swagger-ui-bundle.js", 200),
        ("/docs/assets/swagger-ui.css", 200),
        ("/docs/assets/favicon-32x32.png", 200),
        ("/docs/assets/../flask_swagger_ui.py", 404),
    ],
)
def test_every_answer_lets_the_browser_ask_only_this_server(app: Flask, path: str, status: int) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == status
    answer.close()
    if status == 404:
        return
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert set(" ".join(policy.values()).split()) <= {"'none'", "'self'", "data:"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
