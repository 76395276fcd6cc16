"""The page at ``/``."""

from __future__ import annotations

import re

import flask
import pytest


class Iris:
    def predict(self, X, names):
        return X

    def send_feedback(self, X, names, reward, truth, routing=None):
        pass


class Handling(Iris):
    model_error_handler = flask.Blueprint("handling", __name__)


class Home(Iris):
    model_error_handler = flask.Blueprint("home of its own", __name__)

    @model_error_handler.app_errorhandler(LookupError)
    def handle(error):
        return "lookup", 500


@Home.model_error_handler.get("/")
def own():
    return "my own page"


@pytest.mark.parametrize("kind", [Iris, Handling])
def test_it_says_what_is_served_and_every_link_works(make_app, kind):
    app = make_app(kind())
    answer = app.request("GET", "/")
    page = answer.body.decode()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert f"{kind.__name__}, served as MODEL" in page
    assert re.findall("<code>(.*?)</code>: POST (.*?)<", page) == [
        *(("predict", "/predict"), ("send_feedback", "/send-feedback"))
    ]
    links = re.findall('href="(.*?)"', page)
    assert set(links) >= {"docs/", "seldon.json", "health/ready"}
    for link in links:
        assert app.request("GET", f"/{link}").status in (200, 503), link  # this server is not ready


def test_names_are_escaped(make_app):
    class Odd(Iris):
        def init_metadata(self):
            return {"name": "<script>alert(1)</script>"}

    page = make_app(Odd()).request("GET", "/").body.decode()
    assert "<script" not in page


def test_other_methods_are_refused_and_the_page_of_a_blueprint_wins(make_app):
    assert make_app(Iris()).request("POST", "/", b"{}").status == 405
    assert make_app(Home()).request("GET", "/").body == b"my own page"
