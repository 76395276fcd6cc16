"""The entries that this process holds, and the replies that are to be written."""

from __future__ import annotations

import threading
import time

from seldon_redis_streams.entry import Entry, Reply


class Worklist:
    """Thread-safe. Entries are held from the moment they are read until their reply is written.

    Args:
        most: how many entries are held at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._held: dict[bytes, Entry] = {}
        self._replies: list[Reply] = []
        self._retries: list[tuple[float, Entry]] = []

    def wait_for_room(self, timeout_s: float) -> int:
        """Wait for room; return how many entries may be read, 0 when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._held) < self._most, timeout_s)
            return self._most - len(self._held)

    def hold(self, entry: Entry) -> bool:
        """Hold an entry; return False when it is held already."""
        with self._changed:
            if entry.id in self._held:
                return False
            self._held[entry.id] = entry
            return True

    @property
    def ids(self) -> list[bytes]:
        """The ids of all entries that are held."""
        with self._changed:
            return list(self._held)

    def settle(self, reply: Reply) -> None:
        """Take the outcome of an entry. Never blocks."""
        with self._changed:
            self._replies.append(reply)
            self._changed.notify_all()

    def retry(self, entry: Entry, delay_s: float) -> None:
        """Have an entry tried again after a delay. Never blocks."""
        with self._changed:
            self._retries.append((time.monotonic() + delay_s, entry))
            self._changed.notify_all()

    def next_replies(self, timeout_s: float) -> list[Reply]:
        """Wait for replies to be written, and return them; they stay until :meth:`release`."""
        with self._changed:
            self._changed.wait_for(lambda: self._replies or self._retries, timeout_s)
            return list(self._replies)

    def due_retries(self) -> list[Entry]:
        """Remove and return the entries whose time has come."""
        with self._changed:
            now = time.monotonic()
            due = [entry for at, entry in self._retries if at <= now]
            self._retries = [(at, entry) for at, entry in self._retries if at > now]
            return due

    def release(self, replies: list[Reply]) -> None:
        """Remove replies that are written."""
        with self._changed:
            del self._replies[: len(replies)]
            for reply in replies:
                self._held.pop(reply.entry.id, None)
            self._changed.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Return whether everything was written in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._held, max(0.0, timeout_s))


class Clock:
    """Says when something is due again."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next = 0.0

    def is_due(self) -> bool:
        """Return True the first time, and then every so many seconds."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every_s
        return True
