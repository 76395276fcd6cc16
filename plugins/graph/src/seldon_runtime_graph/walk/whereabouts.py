"""The nodes that a call is waiting for, for the error of a deadline that has passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

_MOST_NAMES = 5
"""The names in a message; further nodes are counted."""


class Whereabouts:
    """The place of a call, or of a branch of it, in its graph. The walk writes it; any thread reads it.

    Args:
        asked: the first node.
    """

    __slots__ = ("asked", "branches")

    def __init__(self, asked: str | None = None) -> None:
        self.asked = asked
        """The last node that received the call and has not answered, or failed; None at the end."""
        self.branches: Sequence[Whereabouts] = ()
        """The branches below that node, while it waits for them."""

    def below(self, names: Sequence[str]) -> Sequence[Whereabouts]:
        """Return a branch for each node, all of which the call is waiting for from now on."""
        self.branches = [Whereabouts(name) for name in names]
        return self.branches

    def text(self) -> str:
        """Return the nodes for a message, such as ``the node 'a'``; nothing once every node has answered."""
        names = self._unanswered()
        told = [f"{name!r:.80}" for name in islice(names, _MOST_NAMES)]
        more = sum(1 for _ in names)
        if more:
            told.append(f"{more} more")
        if len(told) < 2:
            return "".join(f"the node {name}" for name in told)
        return f"the nodes {', '.join(told[:-1])} and {told[-1]}"

    def _unanswered(self) -> Iterator[str]:
        waiting = [self]
        while waiting:
            place = waiting.pop()
            if branches := place.branches:
                waiting.extend(reversed(branches))
            elif (asked := place.asked) is not None:
                yield asked
