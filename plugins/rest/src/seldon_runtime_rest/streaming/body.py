"""The body of a streamed response."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seldon_runtime.plugin import Done, OpenStream, SeldonError
from seldon_runtime_rest.streaming.forms import StreamForm

First = tuple[Any] | None
"""The first item of a stream, or None for its end, if it has been pulled already; else None."""


@dataclass(slots=True, eq=False)
class ResponseStream:
    """The items of a response's body, pulled from the component one by one.

    Args:
        stream: the component's stream.
        form: the form of the items.
        item_body: returns the bytes of an item's wire form.
        error_body: returns the body of an error's response.
        first: the first item, if it has been pulled already.
    """

    stream: OpenStream
    form: StreamForm
    item_body: Callable[[Any], bytes]
    error_body: Callable[[SeldonError], bytes]
    first: First = None
    _count: int = 0

    def pull(self, done: Done) -> None:
        """Request the next item; ``done`` receives what :meth:`text` takes, on any thread."""
        first, self.first = self.first, None
        if first is None:
            self.stream.pull(done)
        else:
            done(first[0], None)

    def text(self, item: object, error: SeldonError | None) -> tuple[bytes, bool]:
        """Return the next part of the body, and whether it is the last one."""
        if error is not None:
            return self.form.error(self.error_body(error)), True
        if item is None:
            return self.form.end(), True
        self._count += 1
        return self.form.item(self._count, self.item_body(item)), False

    def close(self) -> None:
        """Close the component's stream: no more items are wanted."""
        self.stream.close()
