"""The contract of all transports."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from seldon_redis_streams.producer import Producer
from seldon_runtime.plugin import Method
from seldon_runtime.testing import WAIT_S, CallFailed, TransportContract


@pytest.fixture(scope="class", autouse=True)
def server(request: pytest.FixtureRequest, shared_redis: Any) -> None:
    request.cls.url = f"redis://127.0.0.1:{shared_redis.port}/0"


class TestRedisStreams(TransportContract):
    transport = "redis-streams"
    carries_deadlines = True
    sheds_load = False
    shares_places = True
    patience_s = 4.0
    url: str

    def words(self, folder: Path) -> Sequence[str]:
        stream = f"requests:{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        claim = ("--streams-claim-after", "1")
        return ("--streams-url", self.url, "--streams-requests", stream, *claim)

    def words_at(self, address: str, folder: Path) -> Sequence[str]:
        return ("--streams-requests", address.partition("#")[2])

    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        url, _, stream = address.partition("#")
        with Producer(url, stream) as producer:
            try:
                reply = producer.ask(request, method.value, timeout_s)
            except redis.ConnectionError as error:
                raise ConnectionError(str(error)) from error
        if "error" in reply:
            raise CallFailed(reply["error"]["reason"], reply["error"]["message"])
        return reply["answer"]

    def metadata(self, address: str) -> Any:
        return self.call(address, Method.METADATA, None, WAIT_S)

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        url, _, stream = address.partition("#")
        with Producer(url, stream) as producer:
            for field in ("method", "request", "deadline", "id"):
                fields = {"request": b'{"strData": "x"}', field: rubbish}
                assert producer.reply(producer.add_fields(fields)).keys() >= {"id"}
