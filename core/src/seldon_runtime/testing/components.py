"""User classes that the contract suites serve."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from seldon_runtime.component.user_api import Response
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.message import Kind, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predictor, Stream
from seldon_runtime.testing.waiting import WAIT_S

RESULTS: dict[str, Callable[[], Any]] = {
    "list": lambda: [[1, 2.5], [3, 4]],
    "ragged": lambda: [[1, 2], [3]],
    "mixed": lambda: [["a", 1.5, None, True, {"k": [1]}]],
    "float32": lambda: np.array([[0.5, 0.25]], np.float32),
    "integers": lambda: np.arange(6).reshape(1, 2, 3),
    "booleans": lambda: np.array([[True], [False]]),
    "texts": lambda: np.array(["x", "yy"]),
    "empty": lambda: np.zeros((0, 3)),
    "text": lambda: "text",
    "no text": lambda: "",
    "dict": lambda: {"a": [1, {"b": None}], "t": (1, 2), "n": np.int64(3)},
    "bytes": lambda: b"\x00\xff",
    "response": lambda: Response([1.5], {"a": 1}, [{"type": "GAUGE", "key": "g", "value": 2}]),
}
"""The results that :class:`Mirror` returns for a text."""

BAD_RESULTS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "complex": lambda: np.array([1j]),
    "unwritable": lambda: {"a": object()},
    "bad metric": lambda: Response("x", metrics=[{"type": "NONE", "key": "g", "value": 2}]),
    "unwritable tag": lambda: Response("x", tags={"a": object()}),
}
"""Results that cause an error, because no transport can write them."""

ERRORS: dict[str, Exception] = {
    **{code.name: SeldonError(f"it is {code.name}", code=code) for code in ErrorCode},
    "exception": ValueError("grüß 日本 \U0001f600"),
    "status": SeldonError("not for you", status_code=403),
    "reason": SeldonError("not for you", reason="ACME_NO_LICENCE"),
}
"""The errors that :class:`Mirror` raises for a text."""


class Mirror:
    """A class that answers the request's payload, or the result that a text names."""

    class_names = ("p", "q")

    def _answer(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value in ERRORS:
            raise ERRORS[value]
        return {**RESULTS, **BAD_RESULTS}.get(value, lambda: value)()

    def predict(self, X: Any, features_names: Any) -> Any:
        return self._answer(X)

    def transform_input(self, X: Any, features_names: Any, meta: Any = None) -> Any:
        return {"names": list(features_names), "meta": meta or {}, "seen": _seen(X)}

    def transform_output(self, X: Any, features_names: Any) -> Any:
        return self._answer(X)

    def route(self, X: Any, features_names: Any) -> int:
        return 1 + len(features_names)

    def aggregate(self, features_list: Sequence[Any], names_list: Sequence[Any]) -> Any:
        return {"all": [_seen(features) for features in features_list], "names": [*map(list, names_list)]}

    def send_feedback(
        self, features: Any, features_names: Any, reward: float, truth: Any, routing: Any = None
    ) -> Any:
        values = {"features": _seen(features), "truth": _seen(truth)}
        return {**values, "names": list(features_names), "reward": reward, "routing": routing}

    def tags(self) -> Any:
        return {"own": [1, None], "shared": "component", "größe": "日本"}

    def metrics(self) -> Any:
        return [{"type": "COUNTER", "key": "calls", "value": 1, "tags": {"zone": "a"}}]

    def init_metadata(self) -> Any:
        return {"name": "mirror", "versions": ["1"], "custom": {"team": "blue"}}


def _seen(value: Any) -> Any:
    """Return a JSON description of any payload."""
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "values": value.tolist()}
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


class Faultless:
    """A class that answers any payload with itself, so that every error is the runtime's fault."""

    def predict(self, X: Any, names: Any, meta: Any = None) -> Any:
        return {"value": X} if isinstance(X, float | int | None) else X

    transform_input = transform_output = predict

    def aggregate(self, X: Sequence[Any], names: Any) -> Any:
        return self.predict(X[0], names)

    def send_feedback(self, X: Any, names: Any, reward: float, truth: Any, routing: Any = None) -> Any:
        return self.predict(X, names)

    def route(self, X: Any, names: Any) -> int:
        return 0


class Raw:
    """A class with raw methods, which return the wire format's own objects."""

    def predict_raw(self, request: Any) -> Any:
        return request

    def send_feedback_raw(self, feedback: Any) -> Any:
        assert feedback.reward == 2.5
        return feedback.request


class Detector:
    """An outlier detector whose score is the sum of a row."""

    def score(self, X: Any, features_names: Any) -> Any:
        return np.asarray(X).sum(axis=1)


class Bare:
    """A class without methods."""


class Gated:
    """A class whose ``predict`` waits at a gate for the text "wait", and answers other texts at once."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._entered = threading.Semaphore(0)
        self._open = threading.Event()

    def predict(self, X: Any, features_names: Any) -> Any:
        self.seen.append(X)
        if X == "wait":
            self._entered.release()
            assert self._open.wait(2 * WAIT_S), "the gate was never opened"
        return X

    def wait_until_entered(self) -> None:
        """Wait until a call has reached the gate."""
        assert self._entered.acquire(timeout=WAIT_S), "no call reached the component"

    def open(self) -> None:
        """Let all calls pass the gate, from now on."""
        self._open.set()


class Awaiting:
    """An async class whose ``predict`` awaits a gate for a text that begins with "wait"."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        """The requests that have entered."""
        self.came: list[Any] = []
        """The requests that have come to the gate."""
        self.cancelled: list[Any] = []
        """The requests whose coroutine was cancelled at the gate."""
        self._opened = threading.Event()
        self._gates: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def predict(self, X: Any, features_names: Any) -> Any:
        self.seen.append(X)
        if isinstance(X, str) and X.startswith("wait"):
            await self.pass_gate(X)
        return X

    async def pass_gate(self, X: Any) -> None:
        """Wait until the gate is open; note a request that is cancelled meanwhile."""
        gate = asyncio.Event()
        self._gates.append((asyncio.get_running_loop(), gate))
        self.came.append(X)
        if not self._opened.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(X)
                raise

    def open(self) -> None:
        """Let all calls pass the gate, from now on. Any thread."""
        self._opened.set()
        for loop, gate in self._gates:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(gate.set)


class AwaitingItems(Awaiting):
    """An async class whose ``predict`` yields the characters of a text, and awaits the gate at ``_``."""

    async def predict(self, X: Any, features_names: Any) -> Any:
        self.seen.append(X)
        for character in X:
            if character == "_":
                await self.pass_gate(X)
            yield character


class Yielding:
    """A class whose ``predict`` yields the characters of a text, or the rows of an array; ``!`` fails."""

    def predict(self, X: Any, features_names: Any) -> Iterator[Any]:
        for number, item in enumerate(X):
            if isinstance(item, str) and item == "!":
                raise ValueError("it failed at an item")
            yield Response(item if isinstance(item, str) else X[number : number + 1], {"item": number})


class YieldingLater:
    """A class like :class:`Yielding`, with an async generator."""

    async def predict(self, X: Any, features_names: Any) -> AsyncIterator[Any]:
        for item in Yielding().predict(X, features_names):
            await asyncio.sleep(0)
            yield item


class Yields:
    """Yields the characters of a text; ``!`` fails, ``*`` yields 64 KiB for ever, ``_`` waits at a gate."""

    def __init__(self) -> None:
        self.begun = 0
        """The generators that have begun."""
        self.closed = 0
        """The generators that have ended."""
        self.made = 0
        """The items of all."""
        self.gate = threading.Event()

    def open(self) -> None:
        """Let all generators pass the gate, from now on."""
        self.gate.set()

    def predict(self, X: Any, features_names: Any) -> Iterator[str]:
        self.begun += 1
        try:
            for character in X:
                if character == "!":
                    raise ValueError("no more")
                if character == "_":
                    assert self.gate.wait(WAIT_S)
                while character == "*":
                    self.made += 1
                    yield "x" * 65536
                self.made += 1
                yield character
        finally:
            self.closed += 1

    def transform_input(self, X: Any, features_names: Any) -> Any:
        return X


class Counting(Predictor):
    """A predictor that answers with a stream of three texts."""

    ITEMS = ("one", "two", "three")
    methods = frozenset({Method.PREDICT})

    def predict(self, method: Method, request: Request) -> Message | Stream:
        return _Texts(self.ITEMS)


class _Texts(Stream):
    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)

    def next(self) -> Message | None:
        return Message(Payload(Kind.STR, self._texts.pop(0))) if self._texts else None
