"""A component that doubles texts, and calls of it."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.testing import WAIT_S


class Doubler:
    """Counts its calls; waits while ``closed``."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.opened.set()

    def predict(self, X: Any, names: Any) -> Any:
        self.entered.set()
        assert self.opened.wait(WAIT_S)
        if X == "fail":
            raise ValueError("the secret of the model")
        if X == "refuse":
            raise SeldonError("not today", status_code=418)
        self.seen.append(X)
        return X * 2


def call(text: str = "ab", method: Method = Method.PREDICT, **fields: Any) -> Call:
    return Call(method, b'{"strData":"%s"}' % text.encode(), JsonCodec(Limits()), "test", **fields)


def answer(text: str) -> bytes:
    return b'{"meta":{},"strData":"%s"}' % text.encode()


def submitted(service: Service, *calls: Call) -> list[tuple[Any, SeldonError | None]]:
    """Return all outcomes; fail if a further one comes."""
    outcomes: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    for one in calls:
        service.submit(one, lambda answer, error: outcomes.put((answer, error)))
    found = [outcomes.get(timeout=WAIT_S) for _ in calls]
    service.executor.run(lambda: None)
    assert outcomes.empty()
    return found
