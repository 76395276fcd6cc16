"""A service whose calls wait together, and the classes whose calls a batcher answers."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import numpy as np

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.testing.waiting import WAIT_S


class Rows:
    """A class that halves each number: whole ones stay whole. It refuses arrays with a 13."""

    def __init__(self) -> None:
        self.calls = 0

    def predict(self, X: Any, features_names: Any) -> Any:
        self.calls += 1
        return _halves(X)

    def transform_input(self, X: Any, features_names: Any) -> Any:
        return _halves(X)

    def transform_output(self, X: Any, features_names: Any) -> Any:
        return _halves(X)

    def infer(self, inputs: Any) -> Any:
        return {name: _halves(array) for name, array in inputs.items()}

    def aggregate(self, features_list: Any, names_list: Any) -> Any:
        return features_list[0]

    def route(self, X: Any, features_names: Any) -> int:
        return 1

    def tags(self) -> dict[str, Any]:
        return {"own": 1}


class AwaitedRows(Rows):
    """A class like :class:`Rows` that awaits."""

    async def predict(self, X: Any, features_names: Any) -> Any:
        self.calls += 1
        await asyncio.sleep(0)
        return _halves(X)


class Means:
    """A class whose answer has one row for any request."""

    def predict(self, X: Any, features_names: Any) -> Any:
        return X.mean(axis=0, keepdims=True)


def _halves(X: Any) -> Any:
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "if":
        return X
    if (X == 13).any():
        raise ValueError("an unlucky number")
    return X // 2 if X.dtype.kind == "i" else X / 2


class Held:
    """A service whose thread is held until :meth:`answers`, so that all calls before it wait together."""

    def __init__(self, service: ComponentService) -> None:
        self._service = service
        self._outcomes: dict[int, Any] = {}
        self._answered = threading.Semaphore(0)
        self._opened = threading.Event()
        self._entered = threading.Event()
        service.executor.submit(self._hold)
        assert self._entered.wait(WAIT_S)

    def _hold(self) -> None:
        self._entered.set()
        self._opened.wait(2 * WAIT_S)

    def submit(self, call: Call) -> Call:
        """Have a call wait."""
        number = len(self._outcomes)
        self._outcomes[number] = None

        def done(answer: Any, error: SeldonError | None) -> None:
            self._outcomes[number] = answer if error is None else error
            self._answered.release()

        self._service.submit(call, done)
        return call

    def release(self) -> None:
        """Let the waiting calls run."""
        self._opened.set()

    def answers(self) -> list[Any]:
        """Release the thread, and return the answer or error of each call, in order."""
        self.release()
        for _ in self._outcomes:
            assert self._answered.acquire(timeout=WAIT_S), f"a call had no answer within {WAIT_S:g} s"
        return [
            json.loads(outcome) if isinstance(outcome, bytes) else outcome
            for outcome in self._outcomes.values()
        ]
