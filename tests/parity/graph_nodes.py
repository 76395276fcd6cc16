"""Classes of nodes, for comparisons of ways to serve a graph: answers depend on the request only."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from seldon_runtime import SeldonError


def _has_numbers(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.dtype.kind in "if"


class Rows:
    """Computes row by row; fails for a row whose first value is ``bad``."""

    def __init__(self, name: str = "", bad: float = -99.0) -> None:
        self.name, self.bad = name, bad

    def _computed(self, X: Any) -> Any:
        if _has_numbers(X):
            first = X.reshape(len(X), -1)[:, 0]
            if (first == self.bad).any():
                raise ValueError(f"{self.name} has a bad row")
            return X * 2 + 1
        return X

    def predict(self, X: Any, names: Any) -> Any:
        return self._computed(X)

    def transform_input(self, X: Any, names: Any) -> Any:
        return self._computed(X)

    def transform_output(self, X: Any, names: Any) -> Any:
        return self._computed(X)

    def route(self, X: Any, names: Any) -> int:
        return int(abs(np.asarray(X).ravel()[0])) % 2 if _has_numbers(X) else 0

    def aggregate(self, Xs: Any, names: Any) -> Any:
        return Xs[-1]

    def tags(self) -> dict[str, Any]:
        return {self.name: 1}


class Awaits(Rows):
    """Computes row by row, in coroutines."""

    async def predict(self, X: Any, names: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return self._computed(X)

    async def transform_input(self, X: Any, names: Any) -> Any:  # type: ignore[override]
        await asyncio.sleep(0)
        return self._computed(X)


class Whole(Rows):
    """Computes over all rows of a request, and so wants no batches."""

    batchable = False

    def predict(self, X: Any, names: Any) -> Any:
        return np.cumsum(X, axis=0) if _has_numbers(X) else X


class ReadsMeta(Rows):
    """Adds the tags of its request to the answer, as a number of rows cannot tell."""

    def predict(self, X: Any, names: Any, meta: Any = None) -> Any:
        count = len((meta or {}).get("tags", {}))
        return X + count if _has_numbers(X) else X


class Wire(Rows):
    """Handles the JSON of the protocol itself."""

    def predict_raw(self, msg: Any) -> Any:
        rows = msg.get("data", {}).get("ndarray")
        return {**msg, "meta": {"tags": {"rows": len(rows) if rows is not None else -1}}}


class Faulty(Rows):
    """Fails in one of several ways for a row whose first value is ``bad``."""

    def __init__(self, name: str = "", bad: float = -99.0, fault: str = "none") -> None:
        super().__init__(name, bad)
        self.fault = fault

    def predict(self, X: Any, names: Any) -> Any:
        if not _has_numbers(X) or not np.isin(self.bad, X):
            return X
        if self.fault == "raise":
            raise ValueError("no such day")
        if self.fault == "refuse":
            raise SeldonError("too warm")
        return {"none": None, "object": object(), "rows": np.zeros((1, 1)), "text": "text"}[self.fault]


class FaultyLater(Faulty):
    """Fails so in a coroutine."""

    async def predict(self, X: Any, names: Any) -> Any:
        await asyncio.sleep(0)
        return super().predict(X, names)


class FaultyLists(Faulty):
    """Fails so with a list of requests."""

    def predict_batch(self, requests: Any) -> Any:
        return self.predict(np.array([[self.bad]]), [])
