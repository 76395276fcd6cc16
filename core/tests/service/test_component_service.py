"""A component behind the transports: every call ends once, with its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.method import Method
from seldon_runtime.service.component_service import ComponentService

from .doubler import Doubler, answer, call, submitted

Serve = Callable[..., ComponentService]


def test_a_submitted_call_is_answered_once(serve: Serve) -> None:
    service = serve(Doubler())
    assert submitted(service, call("a"), call("b")) == [(answer("aa"), None), (answer("bb"), None)]


def test_call_waits_for_the_answer_or_raises_the_error(serve: Serve) -> None:
    service = serve(Doubler())
    assert service.call(call()) == answer("abab")
    with pytest.raises(ComponentFailed, match="the secret of the model"):
        service.call(call("fail"))
    with pytest.raises(SeldonError, match="not today") as caught:
        service.call(call("refuse"))
    assert caught.value.status_code == 418


def test_the_metadata_document_or_its_error_is_kept(serve: Serve) -> None:
    assert serve(Doubler()).metadata() == {}
    assert serve(Doubler(), metadata={"name": "m"}).metadata() == {"name": "m"}
    wrong = serve(Doubler(), metadata=SeldonError("bad", code=ErrorCode.BAD_METADATA))
    depths = []
    for _ in range(3):
        with pytest.raises(SeldonError, match="bad") as caught:
            wrong.metadata()
        depths.append(len(caught.traceback))
    assert depths[0] == depths[2], "the traceback grows with every request"


def test_the_identity_methods_and_class_are_the_components(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    assert service.identity is service.units[0].identity
    assert service.methods == {Method.PREDICT}
    assert service.class_name == "Doubler"
    assert service.user is user


VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")


def test_a_context_variable_that_one_call_sets_is_not_seen_by_the_next(serve: Serve) -> None:
    class Sets:
        def predict(self, X: Any, names: Any) -> Any:
            before = VARIABLE.get()
            VARIABLE.set(X)
            return before

    service = serve(Sets())
    assert service.call(call("first")) == answer("unset")
    assert service.call(call("second")) == answer("unset")


def test_a_context_variable_of_the_components_thread_is_seen_by_each_call(serve: Serve) -> None:
    class Reads:
        def predict(self, X: Any, names: Any) -> Any:
            return VARIABLE.get()

    service = serve(Reads())
    service.executor.run(lambda: VARIABLE.set("by load"))
    assert service.call(call()) == answer("by load")


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_call_from_the_components_own_thread_is_refused_at_once(serve: Serve, way: str) -> None:
    class Asks:
        def predict(self, X: Any, names: Any) -> Any:
            if X != "again":
                return X
            if way == "call":
                return service.call(call())
            return asyncio.run(service.call_async(call()))

    service = serve(Asks())
    with pytest.raises(ComponentFailed, match="own thread would wait for itself") as caught:
        service.call(call("again"))
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert service.executor.run(lambda: service.call(call(method=Method.METADATA))) == b"{}"  # it never waits
    assert service.call(call()) == answer("ab")
