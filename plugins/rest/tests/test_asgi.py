"""The ASGI application that other programs embed: the same answers as the server's own, under any server."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S
from seldon_runtime_rest.asgi import application
from seldon_runtime_rest.extension import HttpResponse, HttpRoute

from .components import Identity

JSON_TYPE = {"Content-Type": "application/json"}


def test_it_answers_below_the_place_where_it_is_mounted(make_app: Callable[..., Any]) -> None:
    app = make_app(Identity())
    inner = app.app

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "root_path": "/models/iris"}, receive, send)

    app.app = mounted
    assert app.request("GET", "/models/iris/health/ping").body == b"pong"
    assert app.post("/models/iris/predict", {"strData": "x"}).json["strData"] == "x"


def test_it_takes_part_in_the_lifespan_of_a_server(make_app: Callable[..., Any], runner: Any) -> None:
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(events)

    async def send(event: Any) -> None:
        sent.append(event["type"])

    runner.run(make_app(Identity()).app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_it_serves_no_web_sockets(make_app: Callable[..., Any], runner: Any) -> None:
    with pytest.raises(NotImplementedError, match="websocket"):
        runner.run(make_app(Identity()).app({"type": "websocket"}, None, None))


def test_a_cancelled_request_cancels_its_call(make_app: Callable[..., Any], gated: Any) -> None:
    app = make_app(gated)
    calls: list[Any] = []
    submit = app.service.submit
    app.service.submit = lambda call, done: (calls.append(call), submit(call, done))

    async def scene() -> None:
        task = asyncio.create_task(app.ask("POST", "/predict", b'{"strData":"x"}', JSON_TYPE))
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    app._runner.run(scene())
    assert calls[0].cancelled


def test_it_may_have_more_routes(make_service: Any, settings: Any, make_app: Any) -> None:
    app = make_app(Identity())
    route = HttpRoute(("GET",), "/hello/{name}", lambda request: HttpResponse(200, b"hello"))
    app.app = application(make_service(Identity()), settings(), [route])
    assert app.request("GET", "/hello/x").body == b"hello"


@pytest.fixture
def port(make_service: Any, settings: Any) -> Iterator[int]:
    """Of uvicorn, with the application of an identity."""
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    config = uvicorn.Config(application(make_service(Identity()), settings()), log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_uvicorn_runs_it(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    for body, content_type in (
        (b'{"strData":"x"}', "application/json"),
        (b'json={"strData":"x"}', "application/x-www-form-urlencoded"),
    ):
        connection.request("POST", "/predict", body, {"Content-Type": content_type})
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b'{"meta":{},"strData":"x"}\n')
    connection.close()
