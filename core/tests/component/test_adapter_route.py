"""Routes: the number of a branch, in the protocol's one by one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seldon_runtime import Response
from seldon_runtime.errors import ErrorCode

from .small_classes import ROW, made, refusal

Ask = Callable[..., Any]


@pytest.mark.parametrize(
    ("branch", "answer"),
    [(2, 2), (-1, -1), (np.int64(3), 3), (np.uint8(3), 3)],
    ids=repr,
)
def test_a_route_is_a_whole_number_in_a_one_by_one_array(ask: Ask, branch: Any, answer: int) -> None:
    user = made("route", lambda self, X: branch)
    assert ask(user, "route", ROW)["data"] == {"names": ["t:0"], "ndarray": [[answer]]}
    assert ask(user, "route", {"strData": ""})["data"]["tensor"] == {"shape": [1, 1], "values": [answer]}


@pytest.mark.parametrize("branch", [True, np.bool_(True)], ids=repr)
def test_a_boolean_route_is_answered_as_it_is(ask: Ask, branch: Any) -> None:
    assert ask(made("route", lambda self, X: branch), "route", ROW)["data"] == {
        "names": ["t:0"],
        "ndarray": [[True]],
    }


@pytest.mark.parametrize("branch", [1.0, "1", None, [1], np.array([[1]]), np.float64(1), Response("x")])
def test_any_other_route_is_the_components_failure(ask: Ask, branch: Any) -> None:
    error = refusal(ask, made("route", lambda self, X: branch), "route", ROW)
    assert error.code is ErrorCode.COMPONENT_FAILED
    assert error.message.startswith("route returned ")
    assert error.message.endswith(", expected the whole number of a branch")


def test_a_route_keeps_only_the_puid_and_its_own_tags(ask: Ask) -> None:
    sent = {**ROW, "meta": {"puid": "p", "tags": {"a": 1}, "requestPath": {"x": "y"}, "routing": {"r": 1}}}
    user = made("route", lambda self, X: Response(4, tags={"own": True}))
    assert ask(user, "route", sent)["meta"] == {"puid": "p", "tags": {"own": True}}
