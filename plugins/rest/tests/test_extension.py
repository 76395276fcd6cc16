"""A plugin of somebody else that adds routes, served by ``seldon-run`` beside the protocol's own."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, make_distribution

COMPONENT = """
    import threading

    class Polite:
        def predict(self, X, names):
            return X if X != "wait" else self.wait()

        def wait(self):
            import time
            time.sleep(1)
            return "waited"
"""
PLUGIN = """
    import logging

    from seldon_runtime.plugin import Codec, Kind, Message, Method, Observer, Payload, SeldonError, hookimpl

    class Counting(Observer):
        def call_finished(self, call, outcome):
            logging.getLogger("counting").info(
                "counted %s %s %s %d", call.method.value, call.target, outcome.status, outcome.response_bytes
            )

    class Text(Codec):
        name = "hello"
        media_type = "text/plain; charset=utf-8"

        def read(self, method, wire):
            return Message(Payload(Kind.STR, wire))

        def write(self, method, answer):
            return f"Hello {answer.payload.value}"

    def routes():
        from seldon_runtime_rest.extension import HttpResponse, HttpRoute

        def hello(request):
            name = request.path_parameters["name"]
            if name == "nobody":
                raise SeldonError("nobody is here", status_code=410, headers={"X-Gone": "yes"})
            return request.call(Method.PREDICT, Text(), request.body.decode() or name)

        def about(request):
            return HttpResponse(200, request.query.encode(), "text/plain")

        return [
            HttpRoute(("GET", "POST"), "/hello/{name}", hello, "Greet somebody"),
            HttpRoute(("GET",), "/about", about, operation={"tags": ["own"]}),
            HttpRoute(("GET",), "/about/again", about, in_document=False),
        ]

    @hookimpl(optionalhook=True)
    def seldon_http_routes(service, settings):
        return routes()

    @hookimpl
    def seldon_observer(settings):
        return Counting()
"""


@pytest.fixture
def start(tmp_path: Path, seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """Starts ``seldon-run`` with the plugin selected."""
    groups = {"seldon_runtime.extension": {"hello": "hello_routes"}}
    site = make_distribution(tmp_path / "site", "acme-hello", groups, {"hello_routes": PLUGIN})

    def start(*transports: str, **variables: str) -> Any:
        env = {"PYTHONPATH": str(site), "SELDON_EXTENSIONS": "hello", **variables}
        return seldon_run("Polite", *transports, source=COMPONENT, env=env)

    return start


def ask(server: Any, verb: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"], timeout=WAIT_S)
    try:
        connection.request(verb, path, body)
        response = connection.getresponse()
        return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def test_its_routes_have_everything_that_the_protocols_own_have(start: Callable[..., Any]) -> None:
    server = start("REST", SELDON_MAX_BODY_BYTES="1000", CORS_ORIGINS="*")
    status, headers, body = ask(server, "GET", "/hello/J%C3%B6rg%2F2")
    assert (status, body.decode()) == (200, "Hello Jörg/2")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["access-control-allow-origin"] == "*"
    assert ask(server, "POST", "/hello/x", b"Anna")[2] == b"Hello Anna"
    assert ask(server, "HEAD", "/hello/x")[::2] == (200, b"")
    assert ask(server, "GET", "/about?a=b")[::2] == (200, b"a=b")
    status, headers, body = ask(server, "POST", "/hello/x", b"x" * 1001)
    assert (status, json.loads(body)["status"]["reason"]) == (413, "MICROSERVICE_TOO_LARGE")
    status, headers, _ = ask(server, "GET", "/hello/nobody")
    assert (status, headers["x-gone"]) == (410, "yes")
    status, headers, _ = ask(server, "DELETE", "/hello/x")
    assert (status, headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    for path in ("/hello", "/hello/", "/hello/a/b"):
        assert ask(server, "GET", path)[0] == 404
    assert json.loads(ask(server, "GET", "/predict?json=%7B%22strData%22:%22x%22%7D")[2])["strData"] == "x"
    document = json.loads(ask(server, "GET", "/seldon.json")[2])
    operation = document["paths"]["/hello/{name}"]["get"]
    assert (operation["summary"], operation["parameters"][0]["name"]) == ("Greet somebody", "name")
    assert document["paths"]["/about"]["get"]["tags"] == ["own"]
    tags = [tag["name"] for tag in document["tags"]]
    assert (tags[:3], tags[-2:]) == (["component", "extensions", "own"], ["health", "about"])
    assert ask(server, "GET", "/about/again?a")[::2] == (200, b"a")
    assert "/about/again" not in document["paths"]


def test_its_calls_are_counted_and_logged(start: Callable[..., Any]) -> None:
    server = start("REST", SELDON_ACCESS_LOG="1")
    assert ask(server, "GET", "/hello/Anna")[0] == 200
    assert ask(server, "GET", "/hello/nobody")[0] == 410  # makes no call
    server.wait_for_log(r"counted predict /hello/Anna 200 10\b")
    (line,) = [line for line in server.log.splitlines() if "/hello/" in line and "counted" not in line]
    assert "/hello/Anna" in line
    assert "200" in line


def test_its_calls_are_answered_while_draining(start: Callable[..., Any]) -> None:
    server = start("REST")
    connection = http.client.HTTPConnection("127.0.0.1", server.ports["rest"], timeout=WAIT_S)
    connection.request("POST", "/hello/x", b"wait")
    answers: list[Any] = []
    reading = threading.Thread(target=lambda: answers.append(connection.getresponse()))
    reading.start()
    server.terminate()
    reading.join(WAIT_S)
    assert (answers[0].status, answers[0].read()) == (200, b"Hello waited")
    assert answers[0].headers["connection"] == "close"
    connection.close()
    assert server.wait() == 0


def test_without_rest_it_is_loaded_and_its_routes_are_not_asked_for(start: Callable[..., Any]) -> None:
    pytest.importorskip("seldon_runtime_grpc", reason="needs seldon-runtime-grpc")
    server = start("GRPC")
    assert set(server.addresses) == {"grpc"}
