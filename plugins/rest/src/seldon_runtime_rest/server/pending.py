"""A request on a connection, from its headers until its response is written."""

from __future__ import annotations

from typing import Any, Protocol

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.application import Exchange
from seldon_runtime_rest.server.completions import Completions


class Responding(Protocol):
    """A connection, as its requests need it."""

    completions: Completions

    def answer(self, pending: Pending, answer: Any, error: SeldonError | None) -> None:
        """Respond to this request with the answer or the error."""


class Pending:
    """One request in the queue of its connection. On the event loop's thread, but for :meth:`done`."""

    __slots__ = (
        "connection",
        "exchange",
        "expects_continue",
        "is_answered",
        "is_begun",
        "is_streamed",
        "is_whole",
        "keep_alive",
    )

    connection: Responding

    def __init__(self, exchange: Exchange, keep_alive: bool, expects_continue: bool) -> None:
        self.exchange = exchange
        self.keep_alive = keep_alive
        self.expects_continue = expects_continue
        """True while the client waits for ``100 Continue`` before it sends the body."""
        self.is_whole = False
        self.is_begun = False
        self.is_answered = False
        self.is_streamed = False
        """True once the head of a streamed response is written."""

    def done(self, answer: Any, error: SeldonError | None) -> None:
        """Have the outcome of the call delivered. Thread-safe; returns at once."""
        self.connection.completions.add(self, answer, error)

    def answer(self, answer: Any, error: SeldonError | None) -> None:
        """Respond to the request with the outcome of its call."""
        self.connection.answer(self, answer, error)
