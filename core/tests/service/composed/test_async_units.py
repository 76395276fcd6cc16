"""A service of several components with async methods: steps interleave, and end with their call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode
from seldon_runtime.inference.call import Call, request_id
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.service.composed.service import ComposedService
from seldon_runtime.service.composed.steps import Ask, Steps
from seldon_runtime.service.service import Service
from seldon_runtime.testing import Background, wait_until
from seldon_runtime.testing.components import Awaiting

from .chains import Chain, answered, call

Compose = Callable[..., Service]


class Both(ComposedService):
    """Its components answer at the same time."""

    def steps(self, call: Call, request: Request) -> Steps:
        answers = yield [Ask(unit, call.method, request) for unit in self.units]
        return Message(Payload(Kind.STR, "+".join(answer.payload.value for answer in answers)))


class Plain:
    def predict(self, X: Any, names: Any) -> Any:
        return f"{X}!"


class Named:
    async def predict(self, X: Any, names: Any) -> Any:
        await asyncio.sleep(0)
        return f"{X} {request_id()}"

    async def health_status(self) -> Any:
        return "well"


@pytest.fixture
def compose(make_unit: Any) -> Compose:
    return lambda of, *users: of([make_unit(user) for user in users])


@pytest.mark.parametrize("users", [(Named(), Plain()), (Plain(), Named()), (Named(), Named())])
def test_async_and_plain_components_follow_one_another(compose: Compose, users: Any) -> None:
    service = compose(Chain, *users)
    text = answered(service, call("x", request_id="me"))
    assert text.count("me") == sum(isinstance(user, Named) for user in users)


def test_async_components_work_at_the_same_time(compose: Compose) -> None:
    users = Awaiting(), Awaiting()
    service = compose(Both, *users)
    asked = [Background(lambda n=n: answered(service, call(f"wait{n}"))) for n in range(5)]  # type: ignore[misc]
    wait_until(lambda: [len(user.seen) for user in users] == [5, 5], "all steps to be under way")
    for user in users:
        user.open()
    assert [one.outcome for one in asked] == [f"wait{n}+wait{n}" for n in range(5)]


def test_a_cancelled_call_cancels_all_of_its_coroutines(compose: Compose) -> None:
    users = Awaiting(), Awaiting()
    service = compose(Both, *users)
    running = call("wait")
    asked = Background(lambda: answered(service, running))
    wait_until(lambda: users[0].seen and users[1].seen, "both steps to be under way")
    running.cancel()
    assert asked.outcome.code is ErrorCode.CANCELLED
    assert [user.cancelled for user in users] == [["wait"], ["wait"]]


def test_an_async_health_status_answers_for_the_service(compose: Compose) -> None:
    service = compose(Chain, Named(), Plain())
    assert answered(service, call(method=Method.HEALTH_STATUS)) == "well"
