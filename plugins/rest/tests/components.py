"""Components that several test modules serve."""

from __future__ import annotations

import threading
from typing import Any

from seldon_runtime.testing import WAIT_S


class Gated:
    """Its calls wait for the gate; what those that began were called with is kept."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.seen: list[Any] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.seen.append(X)
        self.began.set()
        assert self.gate.wait(WAIT_S)
        return X


class Identity:
    """Answers its request."""

    def predict(self, X: Any, names: Any) -> Any:
        return X
