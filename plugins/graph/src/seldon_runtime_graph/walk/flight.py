"""A message on its way through a graph, with the meta that the nodes add."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from seldon_runtime.plugin import (
    NO_META,
    ErrorCode,
    Message,
    Meta,
    Payload,
    SeldonError,
    SharedMeta,
    Stream,
    UnitStream,
)
from seldon_runtime.protocols.remembered import Remembered
from seldon_runtime_graph.walk.told_stream import Counted, ToldStream
from seldon_runtime_graph.walk.whereabouts import Whereabouts

Refusal = Callable[[Any], SeldonError | None]
"""Function that returns the error of a call that must not go on, else None. The walk calls it before each
node; for arrays on one thread only if the call is cancelled or has a deadline."""
Metas = Remembered[tuple[Any, ...], Meta]
"""The metas of answers, by the calls that nodes have answered and the branches."""

_MOST_NESTED = 32
"""The branches inside one another that the walk takes itself: each needs stack. Those below make steps."""


class Answered(Protocol):
    """A call that a node has answered."""

    request_path: Mapping[str, str]


class PassedOn(Message):
    """The request as the answer, because no node answered."""

    __slots__ = ()


class Flight(Whereabouts):
    """A message between nodes. Most nodes add nothing to it but a payload and their request path.

    The meta of such answers is made when somebody needs it, for all of them at once.

    Args:
        message: the request.
        routing: receives the branch of each node that was called or chose: -1 for all or without children.
        counted: receives the custom metrics of the nodes.
        call: the call, for ``refusal``.
        refusal: returns the error of a call that must not go on, else None.
        executor: runs the current thread; the walk calls the nodes of its threads itself. None to make a step
            of every call.
        stays: True if all nodes are on these threads.
        is_own: True if nobody else uses the request, so that the first component may alter it. It stays True
            until a node has answered.
    """

    __slots__ = (
        "answered",
        "call",
        "counted",
        "executor",
        "given_meta",
        "is_own",
        "makes_steps",
        "message",
        "nesting",
        "payload",
        "refusal",
        "routing",
        "stays",
    )

    def __init__(
        self,
        message: Any,
        routing: dict[str, int],
        counted: Counted,
        call: Any,
        refusal: Refusal,
        executor: Any = None,
        stays: bool = False,
        is_own: bool = False,
    ) -> None:
        self.asked = None
        self.branches = ()
        self.message = message
        """The last whole message; a Stream after a node that streams."""
        payload: Payload | None = None
        given: Any = None
        if isinstance(message, Message):
            payload, given = message.payload, message.given_meta
        self.payload = payload
        """The newest payload."""
        self.given_meta = given
        """The meta as the client sent it, until a node has answered."""
        self.answered: list[Answered] = []
        """The calls that nodes have answered since the last whole message."""
        self.is_own = is_own
        self.routing = routing
        self.counted = counted
        self.call = call
        self.refusal = refusal
        self.executor = executor
        """The threads of which the current one is, as far as it is known."""
        self.makes_steps = executor is None
        self.stays = stays
        self.nesting = 0
        """The number of nodes with several children above."""

    def branch(self, asked: str) -> Flight:
        """Return a flight of the same message, for one of several children, which may begin on any thread.

        Args:
            asked: the name of the child.
        """
        stays = self.stays and self.nesting < _MOST_NESTED
        executor = self.executor if stays else None
        message = self.result()
        made = Flight(message, self.routing, self.counted, self.call, self.refusal, executor, stays)
        made.asked = asked
        made.makes_steps, made.nesting = self.makes_steps, self.nesting + 1
        return made

    def moved(self, executor: Any) -> None:
        """Remember that a thread of another executor goes on; None if nobody knows which one."""
        if not self.makes_steps:
            self.executor = executor

    def replaced(self, answer: Any) -> None:
        """Take a whole answer of a node: a message, or a stream."""
        self.message = answer
        is_message = isinstance(answer, Message)
        self.payload = answer.payload if is_message else None
        self.given_meta = answer.given_meta if is_message else None
        self.answered = []
        self.is_own = False

    @property
    def meta(self) -> Meta:
        """The meta of the message, with what all nodes so far have added."""
        return self._meta({}) if self.answered else self.message.meta

    def _meta(self, routing: Mapping[str, int]) -> Meta:
        before = self.message.meta
        path = path_of(self.answered)
        if before is NO_META:  # as of nearly all requests
            return Meta("", {}, routing, path, ())
        path.update(before.request_path)
        return Meta(before.puid, dict(before.tags), routing, path, list(before.metrics))

    def result(self) -> Any:
        """Return the message, or the stream."""
        if self.answered:
            self.message = Message(self.payload, self._meta({}))
            self.answered = []
        return self.message

    def whole(self, receiver: str) -> Message:
        """Return the message for a node.

        Raises:
            SeldonError: COMPONENT_FAILED for a stream; the message has the names of both nodes.
        """
        return whole(self.result(), receiver)

    def ended(self, metas: Metas) -> Message | Stream:
        """Return the answer of a graph, which tells the routing; each item of a stream does.

        Args:
            metas: remembers the metas of answers.
        """
        if self.answered:
            if self.message.meta is not NO_META:
                return Message(self.payload, self._meta(self.routing))
            way = (*self.answered, *self.routing.items())
            meta = metas.get(way)
            if meta is None:
                meta = SharedMeta("", {}, self.routing, path_of(self.answered), ())
                metas.remember(way, meta)
            return Message(self.payload, meta)
        message = self.message
        if type(message) is not Message and isinstance(message, UnitStream):
            self.asked = message.unit.identity.unit  # until the stream ends
            self.call.waits_for = self.text
            return ToldStream(message, self.routing, self.counted)
        meta = message.meta
        told = Meta(meta.puid, meta.tags, self.routing, meta.request_path, meta.metrics)
        kind = PassedOn if self.is_own else Message
        return kind(message.payload, told, None, (), message.headers)


def path_of(answered: Sequence[Answered]) -> dict[str, str]:
    """Return the request path of calls that nodes have answered one after the other: the last comes first."""
    path: dict[str, str] = {}
    for ask in reversed(answered):
        path.update(ask.request_path)
    return path


def whole(answer: Message | UnitStream, receiver: str) -> Message:
    """Return an answer, which must not be a stream.

    Raises:
        SeldonError: COMPONENT_FAILED for a stream; the message has the names of both nodes.
    """
    if isinstance(answer, Message):
        return answer
    raise SeldonError(
        f"the node {answer.unit.identity.unit!r} answers with a stream, which the node {receiver!r} cannot "
        "receive: only the last node of a call may stream",
        code=ErrorCode.COMPONENT_FAILED,
    )
