"""The commands: read, claim, keep, and finish entries of the stream."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import redis

from seldon_redis_streams.entry import Entry, Fields, Reply
from seldon_runtime.plugin import Settings

_MOST_DEAD = 10_000
_MOST_REPLIES = 10_000
_BLOCK_MS = 250


class Stream:
    """One consumer of a group. All methods block and raise redis-py's errors; not for two threads at once.

    Args:
        client: its own connection.
        settings: the plugin's settings.
        consumer: its name in the group.
    """

    def __init__(self, client: Any, settings: Settings, consumer: str) -> None:
        self.client = client
        self.name: str = settings["streams_requests"]
        self._dead = settings["streams_dead"] or f"{self.name}:dead"
        self._group: str = settings["streams_group"]
        self._ttl_s: int = settings["streams_reply_ttl_s"]
        self._claim_ms = int(settings["streams_claim_after_s"] * 1000)
        self._consumer = consumer
        self._cursor: Any = "0-0"

    def prepare(self) -> None:
        """Create stream and group if they do not exist. Entries that came before are read too."""
        try:
            self.client.xgroup_create(self.name, self._group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def read(self, count: int) -> list[Entry]:
        """Return new entries. Blocks for up to a quarter of a second."""
        found = self._with_group(
            lambda: self.client.xreadgroup(
                self._group, self._consumer, {self.name: ">"}, count=count, block=_BLOCK_MS
            )
        )
        entries = found.values() if isinstance(found, dict) else [items for _, items in found or ()]
        return [Entry(id, fields) for items in _flat(entries) for id, fields in items]

    def claim(self, count: int) -> list[Entry]:
        """Return entries that another consumer has held for too long. Does not wait."""
        reply = self._with_group(
            lambda: self.client.xautoclaim(
                self.name, self._group, self._consumer, self._claim_ms, self._cursor, count=count
            )
        )
        self._cursor, found = reply[0], reply[1]
        return [Entry(id, fields, self._deliveries(id)) for id, fields in found if fields]

    def keep(self, ids: Sequence[bytes]) -> None:
        """Keep these entries from being claimed by others: set their idle time to zero."""
        if ids:
            self.client.xclaim(self.name, self._group, self._consumer, 0, list(ids), justid=True)

    def count(self, entry: Entry) -> None:
        """Store the number of this attempt, for a process that may claim the entry."""
        self.client.xclaim(self.name, self._group, self._consumer, 0, [entry.id], retrycount=entry.attempts)

    def finish(self, replies: Iterable[Reply]) -> list[Reply]:
        """Write the replies and take their entries off the stream: each all or nothing.

        Returns:
            The replies that could not be written: their ``reply_to`` holds a value of another type.
        """
        listed = list(replies)
        with self.client.pipeline(transaction=True) as pipe:
            sizes = [self._add(pipe, reply) for reply in listed]
            results = pipe.execute(raise_on_error=False)
        failed = []
        for reply, size in zip(listed, sizes, strict=True):
            own, results = results[:size], results[size:]
            if any(isinstance(result, redis.ResponseError) for result in own):
                failed.append(reply)
        return failed

    def bury(self, reply: Reply) -> None:
        """Write a reply's entry to the dead letters only."""
        self.client.xadd(self._dead, reply.dead_fields(), maxlen=_MOST_DEAD)

    def leave(self) -> None:
        """Remove the consumer from the group, unless it still holds entries."""
        pending = self.client.xpending_range(
            self.name, self._group, min="-", max="+", count=1, consumername=self._consumer
        )
        if not pending:
            self.client.xgroup_delconsumer(self.name, self._group, self._consumer)

    def _add(self, pipe: Any, reply: Reply) -> int:
        before = len(pipe)
        key = reply.entry.reply_to
        if key and reply.entry.wants_stream:
            pipe.xadd(key, reply.stream_fields(), maxlen=_MOST_REPLIES)
        elif key:
            pipe.rpush(key, reply.document())
        if key:
            pipe.expire(key, self._ttl_s)
        if reply.is_given_up:
            pipe.xadd(self._dead, reply.dead_fields(), maxlen=_MOST_DEAD)
        pipe.xack(self.name, self._group, reply.entry.id)
        pipe.xdel(self.name, reply.entry.id)
        return len(pipe) - before

    def _deliveries(self, id: bytes) -> int:
        """Return how often an entry has been delivered, this time included."""
        found = self.client.xpending_range(self.name, self._group, min=id, max=id, count=1)
        return found[0]["times_delivered"] if found else 1

    def _with_group(self, command: Callable[[], Any]) -> Any:
        """Run a command; create the group again if Redis came back empty."""
        try:
            return command()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self.prepare()
            return command()


def consumer_name() -> str:
    """Return a consumer name that only this process has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def _flat(entries: Iterable[Any]) -> Iterable[list[tuple[bytes, Fields]]]:
    """Yield lists of entries: redis-py returns a list, or for RESP3 a list of lists."""
    for items in entries:
        if items and isinstance(items[0], list):
            yield from items
        else:
            yield items
