"""What is particular to streams: taking over, giving up, both kinds of replies, a Redis that goes away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from seldon_redis_streams.producer import Producer
from seldon_redis_streams.redis_link import Patience, client_from, place_of
from seldon_runtime.plugin import Call, Method, Settings, StartupError
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.testing import Background, Gated, Served, wait_until

Serve = Callable[..., Served]
STREAM = "requests"
GROUP = "seldon"


class Echo:
    def predict(self, X: Any, features_names: Any) -> Any:
        return X


class Raising:
    """Fails as often as it was told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    def predict(self, X: Any, features_names: Any) -> Any:
        self.calls += 1
        if self.calls <= self.failures:
            raise ValueError(f"failure {self.calls}")
        return X


def pending(producer: Producer) -> int:
    count: int = producer.redis.xpending(STREAM, GROUP)["pending"]
    return count


# asking


def test_entries_that_were_there_before_the_first_start_are_answered(
    serve: Serve, producer: Producer
) -> None:
    keys = [producer.add({"strData": str(number)}) for number in range(5)]
    serve(Echo())
    assert [producer.reply(key)["answer"]["strData"] for key in keys] == ["0", "1", "2", "3", "4"]


def test_a_finished_entry_is_off_the_stream_and_its_reply_expires(serve: Serve, producer: Producer) -> None:
    serve(Echo(), "--streams-reply-ttl", "77")
    key = producer.add({"strData": "x"})
    wait_until(lambda: producer.redis.exists(key), "the reply")
    assert 0 < producer.redis.ttl(key) <= 77
    assert producer.redis.xlen(STREAM) == 0
    assert pending(producer) == 0


def test_a_reply_may_go_to_a_stream(serve: Serve, producer: Producer) -> None:
    serve(Echo())
    for request in ({"strData": "x"}, {}):
        fields = {"request": json.dumps(request), "reply_to": "replies", "reply_as": "stream", "id": "mine"}
        producer.add_fields(fields)
    wait_until(lambda: producer.redis.xlen("replies") == 2, "both replies")
    (_, good), (_, bad) = producer.redis.xrange("replies")
    assert (good[b"id"], json.loads(good[b"answer"])["strData"]) == (b"mine", "x")
    assert json.loads(bad[b"error"])["reason"] == "MICROSERVICE_BAD_DATA"


def test_the_reply_is_marked_with_the_clients_id_or_the_entrys(serve: Serve, producer: Producer) -> None:
    serve(Echo())
    assert producer.ask({"strData": "x"}, id="grüß")["id"] == "grüß"
    assert producer.ask({"strData": "x"})["id"].partition("-")[0].isdigit()


def test_an_entry_without_a_place_for_its_reply_is_run(serve: Serve, producer: Producer) -> None:
    user = Raising(0)
    serve(user)
    producer.redis.xadd(STREAM, {"request": '{"strData": "x"}'})
    wait_until(lambda: user.calls == 1 and producer.redis.xlen(STREAM) == 0, "the entry to be run")


def test_a_place_that_is_something_else_gets_a_dead_letter(serve: Serve, producer: Producer) -> None:
    serve(Echo())
    producer.redis.set("taken", "a text")
    producer.add_fields({"request": '{"strData": "x"}', "reply_to": "taken"})
    wait_until(lambda: producer.redis.xlen(f"{STREAM}:dead"), "the dead letter")
    assert producer.ask({"strData": "next"})["answer"]["strData"] == "next"
    assert pending(producer) == 0


def test_a_deadline_that_has_passed_is_told(serve: Serve, producer: Producer) -> None:
    serve(Echo())
    late = producer.reply(producer.add({"strData": "x"}, deadline=repr(time.time() - 1)))
    assert late["error"]["reason"] == "MICROSERVICE_DEADLINE_EXCEEDED"


# failures


def test_what_fails_is_tried_again_and_its_reply_is_the_last_outcome(
    serve: Serve, producer: Producer
) -> None:
    user = Raising(2)
    serve(user)
    assert producer.ask({"strData": "x"})["answer"]["strData"] == "x"
    assert user.calls == 3
    assert producer.redis.xlen(f"{STREAM}:dead") == 0


def test_what_fails_every_time_is_given_up_with_all_that_is_known(serve: Serve, producer: Producer) -> None:
    user = Raising(100)
    serve(user, "--streams-attempts", "2", "--streams-dead", "morgue")
    reply = producer.ask({"strData": "x"}, id="mine")
    assert reply["error"] == {"reason": "MICROSERVICE_INTERNAL_ERROR", "message": "ValueError: failure 2"}
    assert user.calls == 2
    ((_, letter),) = producer.redis.xrange("morgue")
    assert letter[b"request"] == b'{"strData": "x"}'
    assert letter[b"id"] == b"mine"
    assert (letter[b"dead_attempts"], letter[b"dead_message"]) == (b"2", b"ValueError: failure 2")
    assert letter[b"dead_reason"] == b"MICROSERVICE_INTERNAL_ERROR"
    assert pending(producer) == 0


def test_a_fault_of_the_caller_is_not_tried_again(serve: Serve, producer: Producer) -> None:
    serve(Echo())
    assert producer.ask({"data": {}})["error"]["reason"] == "MICROSERVICE_BAD_DATA"
    assert producer.redis.xlen(f"{STREAM}:dead") == 0


def test_an_entry_waits_while_calls_of_others_fill_the_queue(serve: Serve, producer: Producer) -> None:
    gated = Gated()
    served = serve(gated, "--queue-size", "1")
    codec = JsonCodec(served.service.limits)

    def ask(text: str) -> Any:
        wire = json.dumps({"strData": text}).encode()
        return served.service.call(Call(Method.PREDICT, wire, codec, "other"))

    others = [Background(lambda: ask("wait"))]
    gated.wait_until_entered()
    others.append(Background(lambda: ask("queued")))
    wait_until(lambda: len(served.calls) == 2, "the queue to be full")
    key = producer.add({"strData": "patient"})
    wait_until(lambda: len(served.calls) > 2, "the entry to be refused")
    gated.open()
    assert producer.reply(key)["answer"]["strData"] == "patient"
    assert [json.loads(other.outcome)["strData"] for other in others] == ["wait", "queued"]


def test_what_a_dead_consumer_held_is_taken_over(serve: Serve, producer: Producer) -> None:
    key = producer.add({"strData": "left behind"})
    producer.redis.xgroup_create(STREAM, GROUP, id="0")
    producer.redis.xreadgroup(GROUP, "the dead", {STREAM: ">"})
    serve(Echo())
    assert producer.reply(key)["answer"]["strData"] == "left behind"


def test_what_its_processes_died_of_is_given_up_without_being_run(serve: Serve, producer: Producer) -> None:
    key = producer.add({"strData": "poison"})
    producer.redis.xgroup_create(STREAM, GROUP, id="0")
    ((_, ((id, _),)),) = producer.redis.xreadgroup(GROUP, "the dead", {STREAM: ">"})
    producer.redis.xclaim(STREAM, GROUP, "the dead", 0, [id], retrycount=3)
    user = Raising(0)
    serve(user)
    assert "its process ended each time" in producer.reply(key)["error"]["message"]
    assert user.calls == 0
    assert producer.redis.xlen(f"{STREAM}:dead") == 1


def test_what_takes_long_is_kept_though_others_would_claim_it(serve: Serve, producer: Producer) -> None:
    slow, other = Gated(), Echo()
    serve(slow)
    key = producer.add({"strData": "wait"})
    slow.wait_until_entered()
    serve(other)
    began = time.monotonic()
    wait_until(lambda: time.monotonic() > began + 1.5, "three times the time for claiming")
    assert not producer.redis.exists(key)
    slow.open()
    assert producer.reply(key)["answer"]["strData"] == "wait"
    assert slow.seen == ["wait"]


def test_no_more_is_held_than_was_said(serve: Serve, producer: Producer) -> None:
    gated = Gated()
    served = serve(gated, "--streams-in-flight", "3")
    keys = [producer.add({"strData": "wait"}) for _ in range(10)]
    wait_until(lambda: len(served.calls) == 3, "three calls")
    assert pending(producer) == 3
    gated.open()
    for key in keys:
        assert producer.reply(key)["answer"]["strData"] == "wait"
    assert len(served.calls) == 10


# Redis


def test_a_redis_that_is_not_there_stops_the_start(serve: Serve, redis_server: Any) -> None:
    redis_server.stop()
    with pytest.raises(StartupError, match=r"--streams-url \(SELDON_STREAMS_URL\)"):
        serve(Echo())


@pytest.mark.parametrize("url", ["http://x", "redis://h:port"])
def test_a_url_that_is_none_stops_the_start_without_showing_it(serve_by: Serve, url: str) -> None:
    with pytest.raises(StartupError, match="--streams-url") as caught:
        serve_by("redis-streams", Echo(), "--streams-url", url.replace("://", "://:sesame@"))
    assert "sesame" not in str(caught.value)


def test_a_redis_that_restarts_degrades_the_service_and_then_all_is_answered(
    serve: Serve, producer: Producer, redis_server: Any
) -> None:
    served = serve(Echo())
    assert producer.ask({"strData": "before"})["answer"]["strData"] == "before"
    redis_server.stop()
    wait_until(lambda: "redis-streams reader" in served.service.degraded, "the service to be degraded")
    assert served.service.ready
    redis_server.start()
    wait_until(lambda: not served.service.degraded, "the service to recover")
    assert producer.ask({"strData": "after"})["answer"]["strData"] == "after"


def test_replies_that_cannot_be_written_are_written_when_redis_is_back(
    serve: Serve, producer: Producer, redis_server: Any
) -> None:
    gated = Gated()
    served = serve(gated)
    key = producer.add({"strData": "wait"})
    gated.wait_until_entered()
    redis_server.stop(save=True)
    gated.open()
    wait_until(lambda: "redis-streams writer" in served.service.degraded, "the reply to fail")
    redis_server.start()
    assert producer.reply(key)["answer"]["strData"] == "wait"
    assert gated.seen == ["wait"]


def test_a_redis_that_freezes_is_waited_for(serve: Serve, producer: Producer, redis_server: Any) -> None:
    served = serve(Echo(), "--streams-timeout", "0.6")
    redis_server.freeze()
    wait_until(lambda: served.service.degraded, "the service to be degraded")
    redis_server.thaw()
    assert producer.ask({"strData": "x"})["answer"]["strData"] == "x"


def test_a_connection_that_is_closed_under_its_thread_is_no_failure_of_redis(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service: Any = SimpleNamespace(degraded={})
    stopped = threading.Event()

    def work() -> None:
        stopped.set()
        raise ValueError("I/O operation on closed file")

    Patience(service, "reader", stopped).attempt(work)
    assert service.degraded == {}
    assert caplog.messages == []


def test_the_place_is_told(serve: Serve, url: str) -> None:
    assert serve(Echo()).address == f"{url}#{STREAM}"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("redis://me:sesame@host:7/2", "redis://host:7/2"),
        ("redis://host", "redis://host:6379/0"),
        ("unix:///run/redis?password=sesame", "unix:///run/redis"),
    ],
)
def test_the_place_is_told_without_secrets(given: str, told: str) -> None:
    client = client_from(Settings({"streams_url": given, "streams_timeout_s": 1}))
    assert place_of(client) == told
