"""Clients that wait for an answer: for how long, and what becomes of their calls when they leave."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S

from .components import Identity

ECHO = b'{"strData":"x"}'
BODY_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
SOON = [{"Prefer": "wait=1"}, {"X-Envoy-Expected-Rq-Timeout-Ms": "1000"}]
LANES = pytest.mark.parametrize("target", ["/predict", "/predict?x=%20"], ids=["plain", "through Flask"])


@LANES
def test_a_client_that_leaves_before_its_call_begins_cancels_it(make_app, gated, target):
    app = make_app(gated)
    calls = []
    submit = app.service.submit
    app.service.submit = lambda call, done: (calls.append(call), submit(call, done))

    async def scene() -> tuple[Any, Any]:
        leave = asyncio.Event()
        first = asyncio.create_task(app.ask("POST", target, b'{"strData":"first"}', BODY_TYPE))
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        second = asyncio.create_task(app.ask("POST", target, b'{"strData":"second"}', BODY_TYPE, leave=leave))
        while len(calls) < 2:
            await asyncio.sleep(0.001)
        leave.set()
        while not any(call.cancelled for call in calls):
            await asyncio.sleep(0.001)
        gated.gate.set()
        return await first, await second

    first, second = app._runner.run(scene())
    assert first.json["strData"] == "first"
    assert second.reason == "MICROSERVICE_CANCELLED"
    assert gated.seen == ["first"]


@LANES
def test_a_client_that_leaves_while_its_call_runs_lets_it_finish(serve, gated, target):
    server = serve(gated)
    leaving = server.connect()
    leaving.request("POST", target, ECHO, BODY_TYPE)
    assert gated.began.wait(WAIT_S)
    leaving.close()
    gated.gate.set()
    assert server.post(target, {"strData": "next"}).json["strData"] == "next"
    assert gated.seen == ["x", "next"]


@LANES
@pytest.mark.parametrize("headers", SOON, ids=["Prefer", "Envoy"])
def test_a_client_is_told_at_its_deadline_while_its_call_runs(make_app, gated, target, headers):
    app = make_app(gated)
    app.request("GET", "/metadata")  # the first request that needs Flask waits for its import
    answer = app.post(target, {"strData": "x"}, {**headers, "X-Request-Id": "mine"})
    assert gated.seen == ["x"]
    assert (answer.status, answer.reason) == (504, "MICROSERVICE_DEADLINE_EXCEEDED")
    assert answer.info == "the call was not answered within its time: the component is busy, or it hangs"
    assert answer.headers["x-request-id"] == "mine"
    gated.gate.set()
    assert app.post(target, {"strData": "next"}, headers).json["strData"] == "next"


@LANES
def test_a_call_that_waits_at_its_deadline_is_never_run(make_app, gated, target):
    app = make_app(gated)

    async def scene() -> tuple[Any, Any]:
        first = asyncio.create_task(app.ask("POST", target, b'{"strData":"first"}', BODY_TYPE))
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        late = await app.ask("POST", target, b'{"strData":"late"}', {**BODY_TYPE, **SOON[1]})
        gated.gate.set()
        return await first, late

    first, late = app._runner.run(scene())
    assert (first.status, late.status) == (200, 504)
    assert app.post(target, {"strData": "next"}).status == 200
    assert gated.seen == ["first", "next"]


@LANES
def test_the_runtime_has_a_limit_for_every_call(make_app, gated, target):
    app = make_app(gated, timeout_s=0.05)
    answer = app.post(target, {"strData": "x"}, {"Prefer": "wait=60"})
    assert (answer.status, answer.reason) == (504, "MICROSERVICE_DEADLINE_EXCEEDED")


@LANES
@pytest.mark.parametrize(
    "headers", [{"Prefer": "wait=soon"}, {"X-Envoy-Expected-Rq-Timeout-Ms": "-1"}], ids=["Prefer", "Envoy"]
)
def test_a_deadline_that_is_none_is_ignored(make_app, target, headers):
    assert make_app(Identity()).post(target, {"strData": "x"}, headers).status == 200


@pytest.mark.parametrize("path", ["/health/status", "/api/v1.0/health/status"])
def test_the_components_health_has_a_limit_and_other_probes_do_not_wait(make_app, gated, path):
    gated.health_status = lambda: gated.predict("health", [])
    app = make_app(gated, health_timeout_s=1)  # enough for the component to take the call
    answer = app.request("GET", path)
    assert gated.seen == ["health"]
    assert (answer.status, answer.reason) == (504, "MICROSERVICE_DEADLINE_EXCEEDED")
    assert answer.info.startswith("health_status was not answered within its time")
    for probe in ("ping", "live", "ready", "startup"):
        assert app.request("GET", f"/health/{probe}").status == 200


@LANES
def test_a_full_queue_is_a_503_at_once_that_says_when_to_come_back(make_app, gated, target):
    app = make_app(gated, queue_size=1)

    async def scene() -> list[Any]:
        tasks = [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE))]
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        tasks += [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE)) for _ in range(3)]
        refused, _ = await asyncio.wait(tasks, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        while len(refused) < 2:
            refused, _ = await asyncio.wait(tasks, timeout=0.01)
        gated.gate.set()
        return await asyncio.gather(*tasks)

    answers = app._runner.run(scene())
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503]
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.headers["retry-after"] == "1"
    assert refused.reason == "MICROSERVICE_OVERLOADED"


def test_calls_that_wait_in_flask_leave_threads_for_its_pages(make_app, gated):
    app = make_app(gated, queue_size=40)
    target = "/predict?x=%20"

    async def scene() -> list[Any]:
        tasks = [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE))]
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        tasks += [asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE)) for _ in range(40)]
        while app.service.executor.waiting < 40:
            await asyncio.sleep(0.001)
        page = await app.ask("GET", "/metadata")
        refused = await app.ask("POST", target, ECHO, BODY_TYPE)
        gated.gate.set()
        return [page, refused, *await asyncio.gather(*tasks)]

    page, refused, *answers = app._runner.run(scene())
    assert (page.status, refused.status) == (200, 503)
    assert {answer.status for answer in answers} == {200}


def test_a_request_through_flask_takes_a_thread_only_when_it_is_whole(serve):
    server = serve(Identity(), queue_size=1)
    slow = [server.connect() for _ in range(40)]
    for connection in slow:
        connection.putrequest("POST", "/predict")
        for name, value in {**FORM_TYPE, "Content-Length": "20"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b"json=")
    assert server.request("GET", "/metadata").status == 200
    for connection in slow:
        connection.send(ECHO)
        assert server.answer(connection).status == 200
        connection.close()


@pytest.mark.parametrize(
    ("verb", "target", "headers"),
    [
        ("GET", "/health/ready", {}),
        ("POST", "/predict", BODY_TYPE),
        ("POST", "/predict", FORM_TYPE),
        ("GET", "/metadata", {}),
        ("GET", "/no/such/path", {}),
    ],
)
def test_a_draining_service_closes_connections_with_each_answer(make_app, verb, target, headers):
    app = make_app(Identity())
    assert "connection" not in app.request(verb, target, ECHO, headers).headers
    app.service.draining = True
    assert app.request(verb, target, ECHO, headers).headers["connection"] == "close"


@LANES
def test_a_call_that_was_running_when_draining_began_closes_its_connection_too(make_app, gated, target):
    app = make_app(gated)

    async def scene() -> Any:
        call = asyncio.create_task(app.ask("POST", target, ECHO, BODY_TYPE))
        await asyncio.to_thread(gated.began.wait, WAIT_S)
        app.service.draining = True
        gated.gate.set()
        return await call

    assert app._runner.run(scene()).headers["connection"] == "close"


def test_readiness_is_what_the_service_says(make_app):
    app = make_app(Identity())
    for verb in ("GET", "HEAD"):
        assert app.request(verb, "/health/ready").status == 200
    app.service.ready = False
    answer = app.request("GET", "/health/ready")
    assert (answer.status, answer.json) == (503, {"ready": False})
    assert app.request("GET", "/health/live").status == 200
    assert app.request("GET", "/health/ping").body == b"pong"


def test_a_start_is_over_once_the_service_was_ready(make_app):
    app = make_app(Identity())
    service = app.service
    found = []
    for service.ready, service.draining in ((False, False), (True, False), (False, True)):
        answer = app.request("GET", "/health/startup")
        found.append((answer.status, answer.json))
    assert found == [(503, {"started": False}), (200, {"started": True}), (200, {"started": True})]


@LANES
def test_a_deadline_begins_when_the_request_is_whole(serve, target):
    server = serve(Identity())
    connection = server.connect()
    connection.putrequest("POST", target)
    for name, value in {**BODY_TYPE, **SOON[1], "Content-Length": "15"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    began = time.monotonic()
    while time.monotonic() - began < 0.1:
        assert server.request("GET", "/health/live").status == 200
    connection.send(ECHO)
    assert server.answer(connection).status == 200
    connection.close()
