"""Classes with few methods, a request with one row, and the error of a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.method import Method

Ask = Callable[..., Any]
ROW = {"data": {"names": ["a", "b"], "ndarray": [[1, 2]]}}
ROW_ANSWER = {"data": {"names": ["t:0", "t:1"], "ndarray": [[1, 2]]}, "meta": {}}
ONE_BY_ONE = [Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT]


def made(method: str, function: Callable[..., Any]) -> object:
    """An instance of a class with this one method."""
    return type("Made", (), {method: function})()


def refusal(ask: Ask, *arguments: Any, **keywords: Any) -> SeldonError:
    with pytest.raises(SeldonError) as caught:
        ask(*arguments, **keywords)
    return caught.value


class Probe:
    """Shows what it was given."""

    def predict(self, X, features_names, meta=None):  # type: ignore[no-untyped-def]
        return {"type": type(X).__name__, "names": features_names, "meta": meta}

    transform_input = transform_output = predict
