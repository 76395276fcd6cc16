"""Components that several test modules serve."""

from __future__ import annotations

from typing import Any


class Model:
    """Answers its request."""

    def predict(self, X: Any, names: Any) -> Any:
        return X


class Named:
    """Answers its request, and names its columns, so that answers have a parameter."""

    def predict(self, X: Any, names: Any) -> Any:
        return X

    def class_names(self) -> Any:
        return ["a", "b"]


class Infers:
    """Answers the arrays of its request by their names."""

    def infer(self, inputs: Any) -> Any:
        return inputs
