"""The component of the tests."""

from __future__ import annotations

from typing import Any

import numpy as np


class Doubles:
    """Doubles rows, and refuses a batch with a negative number."""

    class_names = ("twice", "sum")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.calls.append(len(X))
        if np.min(X) < 0:
            raise ValueError("a negative number")
        return np.column_stack([2 * X[:, 0], X.sum(axis=1)])

    def tags(self) -> dict[str, Any]:
        return {"model": 1}

    def metrics(self) -> list[dict[str, Any]]:
        return [{"type": "COUNTER", "key": "predictions", "value": 1}]
