"""Which web pages may call: none by default, those of the configured origins, or all."""

from __future__ import annotations

import click
import pytest

from .components import Identity

ORIGIN = "https://page.example"
JSON_TYPE = {"Content-Type": "application/json"}
REQUESTS = [
    ("POST", "/predict", b'{"strData":"s"}', JSON_TYPE),
    ("POST", "/predict?x=%20", b'{"strData":"s"}', JSON_TYPE),
    ("POST", "/predict", b"{", JSON_TYPE),
    ("GET", "/health/ping", b"", {}),
    ("GET", "/metadata", b"", {}),
    ("GET", "/no/such/path", b"", {}),
    ("OPTIONS", "/predict", b"", {"Access-Control-Request-Method": "POST"}),
]


def cors(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(("verb", "target", "body", "headers"), REQUESTS)
def test_no_page_may_call_by_default(make_app, verb, target, body, headers):
    answer = make_app(Identity()).request(verb, target, body, {**headers, "Origin": ORIGIN})
    assert cors(answer) == {}


@pytest.mark.parametrize(("verb", "target", "body", "headers"), REQUESTS)
@pytest.mark.parametrize("origin", [{}, {"Origin": ORIGIN}], ids=["no origin", "origin"])
def test_every_page_may_call_when_all_are_named(make_app, verb, target, body, headers, origin):
    answer = make_app(Identity(), "--cors-origins", "*").request(verb, target, body, {**headers, **origin})
    assert cors(answer)["access-control-allow-origin"] == "*"
    assert "vary" not in answer.headers


@pytest.mark.parametrize(("verb", "target", "body", "headers"), REQUESTS)
class TestListedOrigins:
    WORDS = ("--cors-origins", f"http://localhost:8000, {ORIGIN}")

    def test_a_listed_page_may_call(self, make_app, verb, target, body, headers):
        answer = make_app(Identity(), *self.WORDS).request(verb, target, body, {**headers, "Origin": ORIGIN})
        assert cors(answer)["access-control-allow-origin"] == ORIGIN

    @pytest.mark.parametrize("origin", ["https://other.example", "https://page.example:444", "null", ""])
    def test_another_may_not(self, make_app, verb, target, body, headers, origin):
        answer = make_app(Identity(), *self.WORDS).request(verb, target, body, {**headers, "Origin": origin})
        assert cors(answer) == {}

    def test_caches_are_told_that_the_origin_matters(self, make_app, verb, target, body, headers):
        app = make_app(Identity(), *self.WORDS)
        for origin in ({}, {"Origin": ORIGIN}, {"Origin": "https://other.example"}):
            assert app.request(verb, target, body, {**headers, **origin}).headers["vary"] == "Origin"


def test_a_preflight_allows_what_the_calls_need(make_app):
    answer = make_app(Identity(), "--cors-origins", "*").request(
        "OPTIONS",
        "/predict",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, x-request-id",
        },
    )
    assert answer.status == 200
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == {"GET", "POST", "OPTIONS"}
    assert {"Content-Type", "X-Request-Id"} <= set(answer.headers["access-control-allow-headers"].split(", "))


@pytest.mark.parametrize(
    "origins",
    ["page.example", "https://page.example/", "https://page.example/path", "https://", "://x", "*.example"],
)
def test_what_is_no_origin_is_a_usage_error_at_start(settings, origins):
    with pytest.raises(click.BadParameter, match="is not a valid origin; expected"):
        settings("--cors-origins", f"{ORIGIN},{origins}")


@pytest.mark.parametrize("origins", ["", " , ", ","])
def test_an_empty_list_names_nobody(settings, origins):
    assert settings("--cors-origins", origins)["cors_origins"] == ()
