"""Routers and combiners receive arrays of requests that name them, such as those of V2, as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.message import ARRAYS, Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method


class Sees:
    def route(self, X: Any, names: Any) -> int:
        self.seen = X
        return 1

    def aggregate(self, Xs: Any, names: Any) -> Any:
        self.seen, self.names = Xs[0], names
        return Xs[1]

    def tags(self) -> Any:
        return {"tag": 1}


class Later(Sees):
    async def aggregate(self, Xs: Any, names: Any) -> Any:
        await asyncio.sleep(0)
        return super().aggregate(Xs, names)


def objects(*values: Any) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def answer(user: object, method: Method, request: Any) -> Message:
    made = ComponentAdapter(user)
    made.load()
    made.metadata()
    found: Any = made.answer(method, request)
    if isinstance(found, Awaitable):

        async def finished() -> Any:
            return await found

        return asyncio.run(finished())  # type: ignore[no-any-return]
    return found  # type: ignore[no-any-return]


KINDS = [
    objects("a\0"),
    objects(b"\xff"),
    objects(),
    np.array([1.5], ml_dtypes.bfloat16),
    np.array([2**64 - 1], np.uint64),
    np.array(["2026-01-02"], "M8[us]"),
]


@pytest.mark.parametrize("array", KINDS, ids=lambda array: f"{array.dtype} {array.tolist()}")
@pytest.mark.parametrize("kind", [Sees, Later])
def test_a_combiner_receives_and_answers_arrays_as_they_are(kind: type[Sees], array: Any) -> None:
    user = kind()
    message = Message(Payload(ARRAYS, {"x": array}, []), Meta(puid="7", tags={"of": "child"}))
    found = answer(user, Method.AGGREGATE, [message, message])
    assert user.seen is array
    assert found.payload is not None
    assert (found.payload.kind, found.payload.value["output-0"] is array) == (ARRAYS, True)
    assert (found.meta.puid, found.meta.tags) == ("7", {"of": "child", "tag": 1})


def test_a_combiner_receives_columns_as_one_array() -> None:
    user = Sees()
    arrays = {"x": np.array([1, 2]), "y": objects("u", "v")}
    answer(user, Method.AGGREGATE, [Message(Payload(ARRAYS, arrays, []))] * 2)
    assert (user.seen.tolist(), user.names[0]) == ([[1, "u"], [2, "v"]], ["x", "y"])


@pytest.mark.parametrize("array", KINDS, ids=lambda array: f"{array.dtype} {array.tolist()}")
def test_a_router_receives_arrays_as_they_are(array: Any) -> None:
    user = Sees()
    found = answer(user, Method.ROUTE, Message(Payload(ARRAYS, {"x": array}, [])))
    assert user.seen is array
    assert found.payload is not None
    assert (found.payload.kind is not Kind.ARRAYS, found.payload.value.tolist()) == (True, [[1]])
