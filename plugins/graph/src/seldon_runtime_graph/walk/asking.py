"""A call of one method of one node, prepared at the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from seldon_runtime.plugin import (
    NO_META,
    ArrayCall,
    Ask,
    Message,
    Method,
    Payload,
    Request,
    SeldonError,
    Stream,
    UnitStream,
)
from seldon_runtime.protocols.v1.message import encode_meta
from seldon_runtime_graph.walk.edges import carried, own_meta, with_own_tags
from seldon_runtime_graph.walk.flight import Flight
from seldon_runtime_graph.walk.naming import named

_ARRAY, _FLOAT64 = np.ndarray, np.dtype(np.float64)
_WHOLE = (Message, Stream)


class Asking:
    """One call that a node receives.

    Args:
        name: the name of the node.
        unit: whatever runs the node; the steps carry it along.
        method: the method.
        request_path: the entries that the node adds to the request path of an answer.
        array_call: the short way for arrays, if the component has one.
        wants_meta: True for a method that receives the meta of its request.
    """

    __slots__ = ("_call", "_leaves", "_name", "_wants_meta", "executor", "method", "request_path", "unit")

    def __init__(
        self,
        name: str,
        unit: Any,
        method: Method,
        request_path: Mapping[str, str],
        array_call: ArrayCall | None,
        *,
        wants_meta: bool,
    ) -> None:
        self._name = name
        self.unit = unit
        self.executor = unit.executor
        self.method = method
        self.request_path = request_path
        """The entries that the node adds to the request path of an answer."""
        self._call: Any = array_call
        self._wants_meta = wants_meta
        self._leaves = method is Method.ROUTE
        """True if the message goes on beside the answer."""

    def answer(self, flight: Flight, request: Request = None) -> Any:
        """Call the node on this thread, and return its answer.

        Args:
            flight: the message.
            request: several messages in its place.
        """
        flight.asked = self._name
        error = flight.refusal(flight.call)
        if error is not None:
            raise error
        request = self._request(flight) if request is None else request
        try:
            return self.unit.predictor.answer(self.method, request)
        except SeldonError as raised:
            raise self.named(raised) from raised.__cause__

    def unfinished(self, answer: Any) -> Ask | None:
        """Return the step for an answer that is unfinished, such as a coroutine; else None."""
        return None if isinstance(answer, _WHOLE) else Ask(self.unit, self.method, None, lambda: answer)

    def step(self, flight: Flight, request: Request = None) -> Ask:
        """Return the step that asks the node on its own thread; the arguments are those of :meth:`answer`."""
        flight.asked = self._name
        payload = flight.payload
        value: Any = payload.value if payload is not None and self._call is not None else None
        if payload is None or type(value) is not _ARRAY or value.dtype is not _FLOAT64:
            return Ask(self.unit, self.method, self._request(flight) if request is None else request)
        given = self._given_meta(flight) if self._wants_meta else flight.given_meta
        names = payload.names
        if not flight.is_own:
            value, names = value.copy(), None if names is None else [*names]
        return Ask(
            self.unit, self.method, None, partial(self._call, value, names, payload.kind, given, flight)
        )

    def named(self, error: SeldonError) -> SeldonError:
        """Return the error of a step of this call; with the node's name if the runtime found the fault."""
        return named(error, self._name)

    def with_messages(self) -> None:
        """Ask with messages from now on, which a batcher can join, and not the short way."""
        self._call = None

    def take(self, flight: Flight, answer: Any) -> None:
        """Have the flight take the answer of a step."""
        if type(answer) is Payload:
            flight.payload = answer
            flight.answered.append(self)
            flight.is_own, flight.given_meta = False, None
            return
        self.count(flight, answer)
        if type(answer) is Message and answer.meta.tags:
            answer = with_own_tags(answer)
        is_plain = isinstance(answer, Stream) and not isinstance(answer, UnitStream)
        flight.replaced(UnitStream(answer, self.unit, self.method) if is_plain else answer)

    def count(self, flight: Flight, answer: Any) -> None:
        """Keep the custom metrics of an answer, if it has any."""
        if type(answer) is Message and answer.metrics:
            flight.counted.append((self.unit.identity, self.method, answer.metrics))

    def copy(self, message: Message) -> Message:
        """Return a message as the component receives it beside others."""
        return carried(message, wants_meta=self._wants_meta)

    def _given_meta(self, flight: Flight) -> Any:
        """Return the meta in the form of the client, for a method that receives it."""
        if flight.is_own:
            return flight.given_meta
        if flight.message.meta is NO_META:  # nearly all requests are without tags that a node could alter
            given = flight.given_meta
            return encode_meta(flight.meta) if given is None else deepcopy(given)
        message = flight.result()
        meta, given = own_meta(message.meta, flight.given_meta)
        flight.message = replace(message, meta=meta)
        return given

    def _request(self, flight: Flight) -> Message:
        """Return the message as the component receives it."""
        message = flight.whole(self._name)
        return message if flight.is_own and not self._leaves else self.copy(message)


Halt = tuple[Asking, Ask]
"""A call that needs a step, and the step."""


def along(asks: Iterator[Asking], flight: Flight) -> Halt | None:
    """Ask nodes one after the other on this thread, and have the flight take their answers.

    Returns:
        None at the end; before that the first call that needs another thread, or whose answer is unfinished.

    Raises:
        SeldonError: the error of a node; that of a call which must not go on.
    """
    executor, refusal, call, payload = flight.executor, flight.refusal, flight.call, flight.payload
    for ask in asks:
        if ask.executor is not executor:
            return ask, ask.step(flight)
        short = ask._call
        if (
            short is not None
            and payload is not None
            and type(value := payload.value) is _ARRAY
            and value.dtype is _FLOAT64
        ):  # most messages
            flight.asked = ask._name
            if call.cancelled or call.deadline is not None:
                error = refusal(call)
                if error is not None:
                    raise error
            given = ask._given_meta(flight) if ask._wants_meta else flight.given_meta
            names = payload.names
            if not flight.is_own:
                value, names = value.copy(), None if names is None else [*names]
            try:
                answer = short(value, names, payload.kind, given, flight)
            except SeldonError as raised:
                raise ask.named(raised) from raised.__cause__
            if type(answer) is Payload:  # what take() does, for each node in half the time
                flight.payload = payload = answer
                flight.answered.append(ask)
                flight.is_own, flight.given_meta = False, None
                continue
        else:
            answer = ask.answer(flight)
        if (step := ask.unfinished(answer)) is not None:
            return ask, step
        ask.take(flight, answer)
        payload = flight.payload
    return None
