"""What user classes may import."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError

import pytest

from seldon_runtime import Component, Response, SeldonNotImplementedError
from seldon_runtime.message import Method

METHODS = [name for name in vars(Component) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_is_not_overridden_says_so(name: str) -> None:
    method = getattr(Component(), name)
    with pytest.raises(SeldonNotImplementedError):
        method(*(None for _ in inspect.signature(method).parameters))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_explained(name: str) -> None:
    assert getattr(Component, name).__doc__


def test_the_base_class_has_every_method_that_can_be_called() -> None:
    assert {method.value for method in Method} <= set(METHODS)


def test_a_response_is_data_with_tags_and_metrics() -> None:
    response = Response([1], {"a": 1})
    assert (response.data, response.tags, response.metrics) == ([1], {"a": 1}, None)
    with pytest.raises(FrozenInstanceError):
        response.data = [2]  # type: ignore[misc]
