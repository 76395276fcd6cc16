"""Batches of requests, answered in the test's own thread.

Modules without a test module of their name, and the tests that hold them:
    marks: plugins/batching/tests/test_batcher.py, plugins/batching/tests/test_request_lists.py
    prediction: plugins/batching/tests/test_batcher.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from seldon_runtime.plugin import (
    Identity,
    Kind,
    Message,
    Meta,
    Method,
    Payload,
    ServiceType,
    embedded_predictor,
)
from seldon_runtime_batching.batcher import RowBatcher
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.prediction import Policy

pytest_plugins = ["seldon_runtime.testing.fixtures"]

Batch = Callable[..., list[Any]]


def rows(*values: Any, kind: Kind = Kind.NDARRAY, names: Sequence[str] = (), **meta: Any) -> Message:
    """A request with these rows; ``meta`` are members of its meta."""
    given = {"tags": dict(meta["tags"])} if "tags" in meta else None
    return Message(Payload(kind, np.array(values), names), Meta(**meta), given)


@pytest.fixture
def batch() -> Batch:
    """``batch(user, requests, **policy)``: the answers of one batch."""

    def batch(
        user: object, requests: Sequence[Message], method: Method = Method.PREDICT, **policy: Any
    ) -> Any:
        fields = {"most_rows": 32, "preferred": (), "splits": True, "retries_alone": False, **policy}
        batcher = RowBatcher(Marks(user, ServiceType.MODEL), Policy(**fields), Identity(), 0.0)
        return list(batcher.predict(method, requests, embedded_predictor(user).answer))

    return batch
