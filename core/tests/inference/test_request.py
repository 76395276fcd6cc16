"""The request of the running call, whatever the transport."""

from __future__ import annotations

from contextvars import copy_context

import pytest

import seldon_runtime
from seldon_runtime.inference.call import RUNNING, Call, Origin, running_call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.request import RunningRequest, request


def made(**fields: object) -> Call:
    return Call(Method.PREDICT, None, NeutralCodec(), "test", **fields)  # type: ignore[arg-type]


def test_there_is_no_request_outside_of_calls() -> None:
    assert (request(), running_call()) == (None, None)


def test_the_request_is_that_of_the_running_call() -> None:
    call = made(headers={"x-tenant": "acme"}, target="/predict", client=("1.2.3.4", 5), request_id="r1")

    def run() -> tuple[RunningRequest | None, Call | None]:
        RUNNING.set(call)
        return seldon_runtime.request(), running_call()

    found, running = copy_context().run(run)
    assert running is call
    assert found is not None
    assert (found.transport, found.id, found.path, found.client) == ("test", "r1", "/predict", ("1.2.3.4", 5))
    assert repr(found) == "<request r1 of test for /predict>"


def test_headers_have_names_in_any_case() -> None:
    headers = RunningRequest(made(headers={"x-tenant": "acme", "a": "b"})).headers
    assert headers["X-Tenant"] == headers.get("x-TENANT") == "acme"
    assert (list(headers), len(headers), headers.get("X-Absent")) == (["x-tenant", "a"], 2, None)
    assert "X-TENANT" in headers
    with pytest.raises(KeyError):
        headers["X-Absent"]


def test_the_client_is_looked_up_where_the_transport_can() -> None:
    class Known(Origin):
        def client_address(self) -> tuple[str, int]:
            return "::1", 7

    assert RunningRequest(made(client="slow", origin=Known())).client == ("::1", 7)
    assert RunningRequest(made()).client is None
    assert Origin().client_address() is None
