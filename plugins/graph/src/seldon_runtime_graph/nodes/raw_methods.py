"""Classes that handle the wire themselves, such as by ``predict_raw``, as nodes of a graph.

Their methods receive what REST would have brought: a dict in the form of the protocol's JSON.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from typing import Any

from seldon_runtime.plugin import (
    USER_METHODS,
    Call,
    Limits,
    Message,
    Method,
    Predictor,
    Request,
    SeldonError,
    Stream,
    WireMethod,
)
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps
from seldon_runtime_graph.nodes.values import value_of

Answer = Message | Stream
_LEAST_ERROR, _LAST_ERROR = 400, 599
_SUFFIXES = ("_raw", "_rest")


class RawNode(Predictor):
    """A predictor that asks the raw methods of a component first.

    Args:
        predictor: the component's own.
        limits: the limits of arrays.
    """

    takes_arrays = True

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self._predictor = predictor
        self.is_async = predictor.is_async
        self._codec = _ValueCodec(limits)
        self._wire: Mapping[Method, WireMethod] = predictor.wire_methods(self._codec)
        self.unbatched = frozenset(self._wire)

    @property
    def methods(self) -> frozenset[Method]:
        """The methods of the component."""
        return self._predictor.methods

    @property
    def health_is_fixed(self) -> bool:
        """As of the component."""
        return self._predictor.health_is_fixed

    def load(self) -> None:
        """Do nothing: the component is loaded."""

    def predict(self, method: Method, request: Request) -> Answer | Awaitable[Answer]:
        """Return what :meth:`answer` returns."""
        return self.answer(method, request)

    def answer(self, method: Method, request: Request) -> Answer | Awaitable[Answer]:
        """Answer by the raw method, else by the plain one. Blocks meanwhile.

        Raises:
            SeldonError: as of the component.
        """
        raw = self._wire.get(method)
        if raw is None:
            return self._predictor.answer(method, request)

        def plain(decoded: Request) -> Answer | Awaitable[Answer]:
            return self._predictor.answer(method, request if decoded is not None else None)

        call = Call(method, None if request is None else _value(request), self._codec, "graph")
        answer = raw(call, plain)
        return _awaited(call, answer) if isinstance(answer, Awaitable) else _with_metrics(call, answer)


async def _awaited(call: Call, answer: Awaitable[Answer]) -> Answer:
    return _with_metrics(call, await answer)


def _with_metrics(call: Call, answer: Answer) -> Answer:
    if isinstance(answer, Message) and call.metrics:
        answer.metrics = call.metrics
    return answer


class _ValueCodec(JsonCodec):
    """A codec whose requests are JSON values, and whose answers are messages."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits, name="rest")

    def write(self, method: Method, answer: Message) -> Message:
        """Return the answer as it is."""
        return answer

    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """Return the message that a raw method answered.

        Raises:
            SeldonError: the answer has a ``status`` with the code of an error.
        """
        status = answer.get("status") if isinstance(answer, dict) else None
        code = status.get("code") if isinstance(status, dict) else None
        if type(code) is int and _LEAST_ERROR <= code <= _LAST_ERROR:
            assert isinstance(status, dict)
            info, reason = str(status.get("info") or "no message"), status.get("reason")
            raise SeldonError(info, status_code=code, reason=str(reason) if reason else None)
        return super().write_raw(method, answer, show_metrics=show_metrics)

    def to_wire(self, value: Any) -> Any:
        """Return the message that a raw method answered; a bare list is an array, as for routes."""
        parsed = json.loads(super().to_wire(value))
        if isinstance(parsed, list):
            parsed = {"data": {"ndarray": parsed}}
        return self.decode(Method.PREDICT, parsed)


def has_raw_methods(user: object) -> bool:
    """Return whether a class handles the wire of any call itself."""
    return any(callable(getattr(user, m.value + suffix, None)) for m in USER_METHODS for suffix in _SUFFIXES)


def _value(request: Request) -> Any:
    """Return a request as parsed JSON."""
    return json.loads(plain_dumps(value_of(request)))
