"""Streams for clients that take one answer: their items, joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.joining import JoinedItems
from seldon_runtime.inference.message import Message
from seldon_runtime.inference.owners import failed
from seldon_runtime.inference.predictor import Stream
from seldon_runtime.service.done import Done
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.service import Service
from seldon_runtime.service.stream import OpenStream


class JoinedStream(OpenStream):
    """A stream for a client that takes one answer: its items are pulled one by one, and joined.

    Args:
        service: finishes the call.
        executor: runs the component.
        call: the call that the stream answers.
        stream: the component's stream.
        write: returns the wire answer of the joined items.
    """

    def __init__(
        self,
        service: Service,
        executor: Executor,
        call: Call,
        stream: Stream,
        write: Callable[[Call, Message], Any],
    ) -> None:
        super().__init__(service, executor, call, stream)
        self._write = write
        self._items = JoinedItems(service.limits.max_request_memory)

    def begin(self, done: Done, started: float) -> None:
        """Request the first item."""
        self._started = started
        self._watch()
        self.pull(done)

    def pull(self, done: Done) -> None:
        """Request the next item."""
        self._is_busy = True
        if self._is_delivering:
            self._wanted = done  # the task that delivers goes on
            return
        try:
            self._executor.submit_further(lambda: self._begin(done))
        except SeldonError as error:
            self._finish(done, error)

    def _deliver(self, done: Done, item: Message) -> None:
        self._items.add(item)
        self.pull(done)

    def _finish(self, done: Done, error: SeldonError | None) -> None:
        answer = None
        if error is None:
            try:
                answer = self._write(self._call, self._items.message())
            except SeldonError as raised:
                error = self._placed(raised)
            except BaseException as raised:  # noqa: BLE001 - codecs are plugins
                error = failed(raised)
        self._end(error)
        self._service.end(self._call, done, answer, error, self._started)

    def _settle(self, error: SeldonError | None) -> None:
        """Leave the call to its end, which :meth:`_finish` reports."""


def open_stream(
    service: Service,
    executor: Executor,
    call: Call,
    stream: Stream,
    write: Callable[[Call, Message], Any],
) -> OpenStream:
    """Return the stream for a transport that takes one, or else the stream that joins its items.

    Args:
        service: finishes the call.
        executor: runs the component.
        call: the call that the stream answers.
        stream: the component's stream.
        write: returns the wire answer of joined items.
    """
    if stream.headers:
        call.response_headers = {**(call.response_headers or {}), **stream.headers}
    if call.accepts_stream:
        return OpenStream(service, executor, call, stream)
    return JoinedStream(service, executor, call, stream, write)
