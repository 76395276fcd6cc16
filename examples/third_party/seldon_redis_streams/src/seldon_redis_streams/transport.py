"""The transport: one thread reads entries, one writes replies; calls run on the component's."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import Any

import redis

from seldon_redis_streams.entry import NAME, Entry, Reply
from seldon_redis_streams.redis_link import Patience, client_from, place_of
from seldon_redis_streams.stream import Stream, consumer_name
from seldon_redis_streams.worklist import Clock, Worklist
from seldon_runtime.plugin import ErrorCode, SeldonError, Service, Settings, StartupError
from seldon_runtime.protocols.v1.codec import JsonCodec

logger = logging.getLogger(__name__)

_LOOK_S = 0.05
_RETRY_STEP_S = 0.1


class StreamsTransport:
    """Takes requests from a Redis stream as a consumer of a group, and writes replies to lists or streams.

    Delivery is *at least once*: an entry leaves the stream in one transaction with its reply, and what a dead
    process held is claimed by another one.

    Raises:
        StartupError: the URL is not valid; from :meth:`start`, when Redis does not answer.
    """

    name = NAME

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._codec = JsonCodec(service.limits)
        self._attempts: int = settings["streams_attempts"]
        consumer = consumer_name()
        self._reading = Stream(client_from(settings), settings, consumer)
        self._writing = Stream(client_from(settings), settings, consumer)
        self._work = Worklist(min(settings["streams_in_flight"], service.queue_size))
        self._claim_clock = Clock(settings["streams_claim_after_s"] / 2)
        self._keep_clock = Clock(settings["streams_claim_after_s"] / 4)
        self._unwritable: list[Reply] = []
        self._closed = threading.Event()
        self._stopped = threading.Event()
        self._reader = threading.Thread(target=self._read, name=f"{NAME}-reader", daemon=True)
        self._writer = threading.Thread(target=self._write, name=f"{NAME}-writer", daemon=True)

    @property
    def address(self) -> str:
        """The address of Redis, and the stream in it."""
        return f"{place_of(self._reading.client)}#{self._reading.name}"

    def start(self) -> None:
        """Create the group and start the threads."""
        try:
            self._reading.prepare()
        except redis.RedisError as error:
            self._close()
            raise StartupError(
                f"Redis at {place_of(self._reading.client)} does not serve a stream ({error}): "
                "see --streams-url (SELDON_STREAMS_URL)"
            ) from None
        self._reader.start()
        self._writer.start()

    def stop_accepting(self) -> None:
        """Stop reading. Entries that were read are answered."""
        self._closed.set()

    def stop(self, grace_s: float) -> None:
        """Wait for the replies. Another process claims the entries that are left."""
        deadline = time.monotonic() + grace_s
        self._reader.join(max(_LOOK_S, grace_s))
        finished = self._work.wait_until_empty(deadline - time.monotonic())
        if not finished:
            logger.warning("entries left for other processes: %d", len(self._work.ids))
        self._stopped.set()
        self._writer.join(max(_LOOK_S, deadline - time.monotonic()))
        if finished and not self._reader.is_alive():
            with suppress(redis.RedisError):
                self._writing.leave()
        self._close()

    def _close(self) -> None:
        for stream in (self._reading, self._writing):
            stream.client.close()

    # the reader's thread

    def _read(self) -> None:
        patience = Patience(self._service, "reader", self._closed)
        while not self._closed.is_set():
            patience.attempt(self._take_some)

    def _take_some(self) -> None:
        room = self._work.wait_for_room(_LOOK_S)
        if not room or self._closed.is_set():
            return
        if self._claim_clock.is_due():
            for entry in self._reading.claim(room):
                logger.warning("entry %s is taken over, attempt %d", entry.id.decode(), entry.attempts)
                self._take(entry)
            return
        for entry in self._reading.read(room):
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        if not self._work.hold(entry):
            return
        if entry.attempts > self._attempts:
            message = f"the entry was tried {self._attempts} times, and its process ended each time"
            error = SeldonError(message, code=ErrorCode.COMPONENT_FAILED)
            self._work.settle(Reply(entry, None, error, is_given_up=True))
        else:
            self._submit(entry)

    def _submit(self, entry: Entry) -> None:
        try:
            call = entry.call(self._codec)
        except SeldonError as error:
            self._work.settle(Reply(entry, None, error))
            return
        self._service.submit(call, lambda answer, error: self._done(entry, answer, error))

    def _done(self, entry: Entry, answer: Any, error: SeldonError | None) -> None:
        """Handle the outcome of an entry. Never blocks; component's, timers' or reader's thread."""
        if error is None:
            self._work.settle(Reply(entry, answer, None))
        elif error.code is ErrorCode.OVERLOADED and "Retry-After" in error.headers:
            # the queue is full of another transport's calls: the entry waits here
            self._work.retry(entry, float(error.headers["Retry-After"]))
        elif error.code is ErrorCode.UNAVAILABLE and (self._service.draining or not self._service.alive):
            pass  # this process is ending: the entry stays pending, for another one
        elif error.code is ErrorCode.COMPONENT_FAILED and entry.attempts < self._attempts:
            entry.attempts += 1
            self._work.retry(entry, _RETRY_STEP_S * entry.attempts)
        else:
            given_up = error.code is ErrorCode.COMPONENT_FAILED
            self._work.settle(Reply(entry, None, error, is_given_up=given_up))

    # the writer's thread

    def _write(self) -> None:
        patience = Patience(self._service, "writer", self._stopped)
        while not self._stopped.is_set():
            patience.attempt(self._write_some)

    def _write_some(self) -> None:
        if self._keep_clock.is_due():
            self._writing.keep(self._work.ids)
        replies = self._work.next_replies(_LOOK_S)
        if replies:
            failed = self._writing.finish(replies)
            self._work.release(replies)
            self._unwritable += failed
        while self._unwritable:
            entry = self._unwritable[0].entry
            logger.error("entry %s: no reply can be written to %r", entry.id.decode(), entry.reply_to)
            self._writing.bury(self._unwritable[0])
            del self._unwritable[0]
        for entry in self._work.due_retries():
            with suppress(redis.RedisError):  # tried anyway: the count only matters to others
                self._writing.count(entry)
            self._submit(entry)
