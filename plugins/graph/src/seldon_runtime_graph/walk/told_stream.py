"""The stream of a node as the answer of a graph."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from seldon_runtime.plugin import Identity, Message, Meta, Method, Metric, SeldonError, UnitStream
from seldon_runtime_graph.walk.naming import named

Counted = list[tuple[Identity, Method, Sequence[Metric]]]
"""The custom metrics of the nodes: whose, of which method, and which."""


class ToldStream(UnitStream):
    """A node's stream, whose items tell the branches that the call took.

    Args:
        stream: the stream of the node.
        routing: the branches.
        counted: receives the custom metrics of each item, as those of the node.
    """

    def __init__(self, stream: UnitStream, routing: Mapping[str, int], counted: Counted) -> None:
        super().__init__(stream, stream.unit, stream.method)
        self.tags: Mapping[str, Any] = {}
        """Further tags of each item."""
        self._routing = routing
        self._counted = counted

    def next(self) -> Message | Awaitable[Message | None] | None:
        """Return the node's next item.

        Raises:
            SeldonError: the error of the node, with its name if the runtime found the fault.
        """
        try:
            item = super().next()
        except SeldonError as raised:
            raise named(raised, str(self.unit.identity.unit)) from raised.__cause__
        return self._told_later(item) if isinstance(item, Awaitable) else self._told(item)

    async def _told_later(self, item: Awaitable[Message | None]) -> Message | None:
        try:
            return self._told(await item)
        except SeldonError as raised:
            raise named(raised, str(self.unit.identity.unit)) from raised.__cause__

    def _told(self, item: Message | None) -> Message | None:
        if item is None:
            return None
        if item.metrics:
            self._counted.append((self.unit.identity, self.method, item.metrics))
        meta = item.meta
        tags = {**meta.tags, **self.tags}
        told = Meta(meta.puid, tags, self._routing, meta.request_path, meta.metrics)
        return Message(item.payload, told, None, (), item.headers)
