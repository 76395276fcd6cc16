"""A component, a batcher and a service whose calls wait until the test releases them."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import NeutralCodec
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.service.batching.batcher import Batcher, Predict
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.testing import WAIT_S

Told = tuple[str | None, Any, SeldonError | None]


class Doubles:
    """Counts the rows of each of its calls."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict(self, X: Any, names: Any) -> Any:
        self.sizes.append(len(X))
        return 2 * X


class Stacks(Batcher):
    """Stacks the rows of all requests into one call, unless one of them says "alone"."""

    max_size = 4

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def group(self, call: Call) -> Hashable | None:
        return None if "alone" in call.headers else call.headers.get("group", "one")

    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | SeldonError]:
        self.sizes.append(len(requests))
        arrays = [request.payload.value for request in requests]  # type: ignore[union-attr]
        stacked = predict(method, Message(Payload(Kind.NDARRAY, np.concatenate(arrays))))
        assert isinstance(stacked, Message)
        assert stacked.payload is not None
        ends = np.cumsum([len(array) for array in arrays])[:-1]
        return [Message(Payload(Kind.NDARRAY, part)) for part in np.split(stacked.payload.value, ends)]


class Held:
    """A service whose thread is held until :meth:`release`, and what its calls came to."""

    def __init__(self, service: ComponentService) -> None:
        self.service = service
        self.told: SimpleQueue[Told] = SimpleQueue()
        self._opened = threading.Event()
        entered = threading.Event()
        service.executor.submit(lambda: entered.set() or self._opened.wait(WAIT_S))  # type: ignore[func-returns-value]
        assert entered.wait(WAIT_S)

    def submit(self, number: int, **fields: Any) -> Call:
        wire = Message(Payload(Kind.NDARRAY, np.full((1, 2), number)))
        call = Call(Method.PREDICT, wire, NeutralCodec(), "test", request_id=str(number), **fields)
        self.service.submit(call, lambda answer, error: self.told.put((call.request_id, answer, error)))
        return call

    def release(self) -> dict[str | None, Any]:
        """Return by request id the first value of each answer, or the error."""
        self._opened.set()
        self.service.executor.run(lambda: None)
        outcomes = {}
        while not self.told.empty():
            name, answer, error = self.told.get()
            assert name not in outcomes, "answered twice"
            outcomes[name] = error or float(answer.payload.value[0][0])
        return outcomes


def good() -> Message:
    """Return a valid answer."""
    return Message(Payload(Kind.NDARRAY, np.ones((1, 1))))
