"""Services whose components answer one after the other, and calls of them."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call, Outcome, request_id
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.observer import Observer
from seldon_runtime.service.service import Service


class Chain(ComposedService):
    """Its components answer one after the other."""

    def steps(self, call: Call, request: Request) -> Steps:
        answer: Any = request
        for unit in self.units:
            answer = yield Ask(unit, call.method, answer)
        return answer  # type: ignore[no-any-return]


class Notes:
    """A component that notes the request ids of its calls."""

    def __init__(self) -> None:
        self.ids: list[str | None] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.ids.append(request_id())
        if X == "fail":
            raise ValueError("the secret of the model")
        return X + "."


class Sees(Observer):
    def __init__(self) -> None:
        self.started: list[Call] = []
        self.outcomes: list[Outcome] = []

    def call_started(self, call: Call) -> None:
        self.started.append(call)

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def call(text: str = "x", method: Method = Method.PREDICT, **fields: Any) -> Call:
    wire = Message(Payload(Kind.STR, text))
    return Call(method, wire, NeutralCodec(), "test", **fields)


def answered(service: Service, one: Call) -> Any:
    return service.call(one).payload.value


def failed(service: Service, one: Call) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        service.call(one)
    return caught.value
