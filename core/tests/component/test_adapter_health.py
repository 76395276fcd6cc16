"""The health of a component: the method's answer, or well without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime import Response, SeldonNotImplementedError
from seldon_runtime.component.adapter import ComponentAdapter

from .small_classes import made, refusal

Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (lambda self: [1], {"data": {"names": [], "tensor": {"shape": [1], "values": [1]}}}),
        (lambda self: "fine", {"strData": "fine"}),
        (lambda self: Response("fine", tags={"disk": "ok"}), {"strData": "fine"}),
    ],
)
def test_health_is_what_the_method_returns(ask: Ask, status: Any, answer: Any) -> None:
    given = ask(made("health_status", status), "health_status")
    assert given.pop("meta") in ({}, {"tags": {"disk": "ok"}})
    assert given == answer


def test_health_without_a_method_or_with_one_that_says_so_is_good(ask: Ask) -> None:
    def absent(self: object) -> None:
        raise SeldonNotImplementedError

    assert ask(made("other", print), "health_status")["strData"] == "healthy"
    assert ask(made("health_status", absent), "health_status")["strData"] == "healthy"


def test_health_that_raises_is_a_failure(ask: Ask) -> None:
    def sick(self: object) -> None:
        raise RuntimeError("no disk")

    assert refusal(ask, made("health_status", sick), "health_status").message == "RuntimeError: no disk"


def test_only_health_without_user_code_is_fixed() -> None:
    assert ComponentAdapter(made("predict", lambda self, X: X)).health_is_fixed
    for name in ("health_status", "health_status_raw", "tags", "metrics"):
        assert not ComponentAdapter(made(name, lambda self: "fine")).health_is_fixed
