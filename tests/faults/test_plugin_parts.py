"""Observers and interceptors that raise, or call the service: they fail their own call at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.faulty_plugins import HEAD, LABEL, observer

Start = Callable[..., Any]
RAISING_OBSERVER = """
from seldon_runtime.plugin import Observer

class Raises(Observer):
    def call_finished(self, call, outcome): {call}
    def lifecycle_changed(self, state): {life}

@hookimpl
def seldon_observer():
    return Raises()
"""


@pytest.mark.parametrize("what", ["raise ValueError('not now')", "sys.exit(5)"])
@pytest.mark.parametrize(("method", "times"), [("call", 2), ("life", 5)])
def test_an_observer_that_raises_is_logged_and_breaks_nothing(
    seldon_run: Start, published: Any, what: str, method: str, times: int
) -> None:
    bodies = {"call": "pass", "life": "pass", method: what}
    env = published(HEAD + RAISING_OBSERVER.format(**bodies))
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=env)
    for text in ("one", "two"):
        assert process.post("/predict", {"strData": text}).json["strData"] == text
    assert process.stop() == 0
    named = f"Raises of extension {LABEL} failed"
    assert process.log.count(named) == times


def test_an_interceptor_that_raises_fails_its_call_and_no_other(seldon_run: Start, published: Any) -> None:
    source = """
        from seldon_runtime.plugin import Interceptor, hookimpl

        class Strict(Interceptor):
            def before(self, call, request):
                if request.payload.value == "bad":
                    raise KeyError("strict")
                return request

        @hookimpl
        def seldon_interceptor():
            return Strict()
    """
    env = published(source)
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=env)
    bad = process.post("/predict", {"strData": "bad"})
    assert (bad.status, bad.json["status"]["reason"]) == (500, "MICROSERVICE_INTERNAL_ERROR")
    assert process.post("/predict", {"strData": "good"}).status == 200
    process.wait_for_log(r"acme_bad\.py")


@pytest.mark.parametrize("body", ["sys.exit(9)", "raise KeyboardInterrupt", "raise ValueError('x')"])
def test_an_observer_that_raises_at_every_state_breaks_nothing(
    seldon_run: Start, published: Any, body: str
) -> None:
    process = seldon_run(
        "Echo", "REST", "--extension", "bad", source=ECHO, env=published(observer(f"import sys; {body}"))
    )
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "x"
    assert process.stop() == 0
    assert f"Watches of extension {LABEL} failed" in process.log


CALLS_ITSELF = (
    HEAD
    + """
class Asks(Interceptor):
    def __init__(self, service): self.service = service
    def before(self, call, request):
        return self.service.call(Call(call.method, call.wire, call.codec, call.transport))

@hookimpl
def seldon_interceptor(service): return Asks(service)
"""
)


def test_a_call_that_would_wait_for_itself_is_refused_at_once(seldon_run: Start, published: Any) -> None:
    process = seldon_run("Echo", "REST", "--extension", "bad", source=ECHO, env=published(CALLS_ITSELF))
    assert process.post("/predict", {"strData": "x"}).status == 500
    process.wait_for_log("own thread would wait for itself")
    assert f"Asks.before of extension {LABEL}" in process.log
