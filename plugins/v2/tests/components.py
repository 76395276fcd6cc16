"""Components that several test modules serve."""

from __future__ import annotations

from typing import Any


class Model:
    """Answers its request."""

    def predict(self, X: Any, names: Any) -> Any:
        return X


class Infers:
    """Answers the arrays of its request by their names."""

    def infer(self, inputs: Any) -> Any:
        return inputs
