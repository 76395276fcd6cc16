"""A component that several test modules serve."""

from __future__ import annotations

from typing import Any


class Echo:
    """Answers its request."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X
