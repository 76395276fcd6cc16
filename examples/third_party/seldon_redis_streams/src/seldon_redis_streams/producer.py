"""For programs that want predictions: add an entry, wait for the reply."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import redis


class Producer:
    """A client of one stream of requests, with a connection of its own; not for two threads at once.

    Raises redis-py's errors when Redis does not answer. Used with ``with``.
    """

    def __init__(self, url: str, stream: str) -> None:
        self.redis = redis.Redis.from_url(url)
        self.stream = stream

    def __enter__(self) -> Producer:
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.close()

    def add(self, request: Any, method: str = "predict", **fields: Any) -> bytes:
        """Add an entry, with further fields as the README names them.

        Returns:
            The key of the list that will hold the reply.
        """
        return self.add_fields({"method": method, "request": json.dumps(request), **fields})

    def add_fields(self, fields: dict[str, Any]) -> bytes:
        """Add an entry with any fields; return the key of its reply."""
        key = f"reply:{secrets.token_hex(8)}".encode()
        entry: Any = {"reply_to": key, **fields}
        self.redis.xadd(self.stream, entry)
        return key

    def reply(self, key: bytes, timeout_s: float = 30.0) -> Any:
        """Wait for the reply at a key: ``{"id": ..., "answer" or "error": ...}``. Raises TimeoutError."""
        found = self.redis.blpop([key], timeout_s)
        if found is None:
            raise TimeoutError(f"no reply within {timeout_s:g} s")
        return json.loads(found[1])

    def ask(self, request: Any, method: str = "predict", timeout_s: float = 30.0, **fields: Any) -> Any:
        """Add an entry and wait for its reply."""
        deadline = time.time() + timeout_s
        return self.reply(self.add(request, method, deadline=repr(deadline), **fields), timeout_s)
