"""The environment of a WSGI application: the server's name and port, as the client names them."""

from __future__ import annotations

import pytest

from seldon_runtime_rest.flask_bridge.wsgi import environ_of
from seldon_runtime_rest.request import Headers, HttpRequest, header_lines, request_type


def request_of(*headers: tuple[str, str], scheme: str = "http") -> HttpRequest:
    """Return a request with these headers."""
    return request_type(scheme)("GET", "/", "", Headers(header_lines(headers)), ("127.0.0.1", 1))


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("example.com:8080", "example.com", "8080"),
        ("example.com", "example.com", "80"),
        ("[::1]:5000", "[::1]", "5000"),
        ("[::1]", "[::1]", "80"),
        (":5000", "localhost", "5000"),
        ("", "localhost", "80"),
    ],
)
def test_the_host_line_names_server_and_port(host, name, port):
    environ = environ_of(request_of(("Host", host)))
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (name, port)


def test_without_a_host_line_the_server_is_localhost():
    assert environ_of(request_of())["SERVER_NAME"] == "localhost"


def test_the_port_of_a_secure_request_without_one_is_that_of_https():
    environ = environ_of(request_of(("Host", "example.com"), scheme="https"))
    assert (environ["SERVER_PORT"], environ["wsgi.url_scheme"]) == ("443", "https")


def test_a_header_with_an_underscore_does_not_replace_the_one_with_a_hyphen():
    environ = environ_of(
        request_of(("X-Request-Id", "a"), ("X_Request_Id", "b"), ("Content_Type", "text/plain"))
    )
    assert environ["HTTP_X_REQUEST_ID"] == "a"
    assert "CONTENT_TYPE" not in environ


def test_the_last_of_several_request_ids_counts_as_elsewhere():
    request = request_of(("X-Request-Id", "a"), ("X-Request-Id", "b"))
    assert environ_of(request)["HTTP_X_REQUEST_ID"] == request.request_id == "b"


def test_other_repeated_headers_are_joined():
    assert environ_of(request_of(("Accept", "a"), ("Accept", "b")))["HTTP_ACCEPT"] == "a,b"
