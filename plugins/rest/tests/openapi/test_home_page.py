"""The page at ``/``."""

from __future__ import annotations

import html
import json
import re
import shlex
from base64 import b64encode
from hashlib import sha256

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
    style = re.search("<style>(.*?)</style>", page, re.S)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    assert answer.headers["content-security-policy"] == policy
    assert f"{kind.__name__}, served as MODEL" in page
    assert re.findall("<code>(.*?)</code>: POST (.*?)<", page) == [
        *(("predict", "/predict"), ("send_feedback", "/send-feedback"))
    ]
    links = re.findall('href="(.*?)"', page)
    assert set(links) >= {"docs/", "seldon.json", "health/ready"}
    for link in links:
        assert app.request("GET", f"/{link}").status in (200, 503), link  # this server is not ready


def command_of(answer):
    found = re.search("<pre>(.*?)</pre>", answer.body.decode(), re.S)
    return found and shlex.split(html.unescape(found[1]).replace("\\\n", ""))


class Named(Iris):
    feature_names = ("it's", "width")


def test_the_command_calls_the_first_method_with_an_example_of_the_models_columns(make_app):
    app = make_app(Named())
    words = command_of(app.request("GET", "/", headers={"Host": "models.example:8080"}))
    assert words[:2] == ["curl", "http://models.example:8080/predict"]
    body = json.loads(words[-1])
    assert body["data"]["names"] == ["it's", "width"]
    name, value = words[3].split(": ")
    assert app.request("POST", "/predict", words[-1].encode(), headers={name: value}).status == 200


@pytest.mark.parametrize("host", ["a;rm -rf $HOME", "a'b", "<script>", "", "a" * 300])
def test_a_strange_host_does_not_get_into_the_command(make_app, host):
    words = command_of(make_app(Iris()).request("GET", "/", headers={"Host": host}))
    assert words[1] == "http://localhost:5000/predict"


def test_a_component_that_takes_no_single_message_has_no_command(make_app):
    class Combiner:
        def aggregate(self, features, names):
            return features[0]

    assert command_of(make_app(Combiner()).request("GET", "/")) is None


def test_names_are_escaped(make_app):
    class Odd(Iris):
        def init_metadata(self):
            return {"name": "<script>alert(1)</script>"}

    page = make_app(Odd()).request("GET", "/").body.decode()
    assert "<script" not in page


def test_other_methods_are_refused_and_the_page_of_a_blueprint_wins(make_app):
    assert make_app(Iris()).request("POST", "/", b"{}").status == 405
    assert make_app(Home()).request("GET", "/").body == b"my own page"
