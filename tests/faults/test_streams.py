"""Streams under faults, over REST and gRPC, with one process and with two workers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import Background, wait_until
from tests.support.stream_clients import LOST, Open, over_grpc, over_rest
from tests.support.ways import Way

SOURCE = """
    import os, time

    class Yields:
        def predict(self, X, names):
            try:
                for character in X:
                    if character == "!":
                        raise ValueError("no more")
                    if character == "_":
                        os.write(1, b"waits\\n")  # whole, so that no other worker's line comes between
                        while not os.path.exists({flag!r}):
                            time.sleep(0.005)
                    while character == "*":
                        yield "x" * 65536
                    yield str(os.getpid()) if character == "p" else character
            finally:
                os.write(1, b"closed\\n")
"""
"""Yields characters: ``!`` fails, ``_`` waits for the flag, ``*`` is endless, ``p`` is the process."""
OPENED = {"rest": over_rest, "grpc": over_grpc}
BOTH = pytest.mark.parametrize("opened", OPENED.values(), ids=OPENED)
FAILED = {"MICROSERVICE_INTERNAL_ERROR", "INTERNAL"}
REFUSED = {"MICROSERVICE_OVERLOADED", "RESOURCE_EXHAUSTED"}
LATE = {"MICROSERVICE_DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"}
STOPPED = {"MICROSERVICE_UNAVAILABLE", "UNAVAILABLE", "CANCELLED"}
_AT_ONCE = 8


@pytest.fixture
def opened(way: Way) -> Open:
    """Return the client of the way's transport."""
    return OPENED[way.transport]


@pytest.fixture
def workers(way: Way) -> str:
    """Return the number of the way's workers."""
    return way.workers


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """Return the file for which generators wait at ``_``."""
    return tmp_path / "flag"


@pytest.fixture
def start(seldon_run: Callable[..., Any], flag: Path) -> Callable[..., Any]:
    """``start(workers, *words)``: a server of :data:`SOURCE`."""

    def start(workers: str, *words: str) -> Any:
        source = SOURCE.replace("{flag!r}", repr(str(flag)))
        return seldon_run("Yields", "REST,GRPC", "--workers", workers, *words, source=source)

    return start


def test_sigterm_finishes_a_stream(start: Any, flag: Path, opened: Open, workers: str) -> None:
    server = start(workers)
    items = opened(server, "a_b")
    assert next(items) == "a"
    server.wait_for_log("^waits$")
    server.terminate()
    server.wait_for_log("draining")
    flag.touch()
    assert list(items) == ["_", "b"]
    assert server.wait() == 0


@BOTH
def test_beyond_the_grace_period_a_stream_ends_with_an_error(start: Any, opened: Open) -> None:
    server = start("1", "--grace", "1")
    items = opened(server, "ab*")
    assert next(items) == "a"
    server.terminate()
    assert list(items)[-1] in STOPPED
    server.wait()


def test_a_reload_finishes_a_stream_and_the_successor_serves(
    start: Any, flag: Path, opened: Open, workers: str
) -> None:
    server = start(workers)
    items = opened(server, "p_b")
    old = next(items)
    server.wait_for_log("^waits$")
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("draining(?s:.*)is ready|is ready(?s:.*)draining")
    flag.touch()
    assert list(items) == ["_", "b"]
    if workers == "2":
        server.wait_for_log(rf"process {old}\) ended with status 0")
    else:
        server.wait_for_log("^.*lifecycle: stopped$")
    (new,) = opened(server, "p")
    assert new != old


@BOTH
def test_a_killed_worker_takes_along_its_streams_and_nothing_else(start: Any, opened: Open) -> None:
    server = start("2")
    items = opened(server, "p_b")
    victim = next(items)
    server.wait_for_log("^waits$")
    os.kill(int(victim), signal.SIGKILL)
    assert list(items) in ([LOST], ["UNAVAILABLE"])
    server.wait_for_log(rf"process {victim}\) was ended by SIGKILL(?s:.*)is ready")
    (other,) = opened(server, "p")
    assert other != victim


def test_a_component_that_raises_at_an_item_ends_the_stream_and_serves_on(
    start: Any, opened: Open, workers: str
) -> None:
    server = start(workers)
    first, second, failed = opened(server, "ab!")
    assert (first, second) == ("a", "b")
    assert failed in FAILED
    assert list(opened(server, "c")) == ["c"]


def test_an_item_that_hangs_ends_the_stream_after_the_idle_time(
    start: Any, flag: Path, opened: Open, workers: str
) -> None:
    server = start(workers, "--stream-idle-timeout", "0.5")
    first, failed = opened(server, "a_b")
    assert first == "a"
    assert failed in LATE
    flag.touch()
    server.wait_for_log("^closed$")
    assert list(opened(server, "c")) == ["c"]


@BOTH
def test_a_worker_that_hangs_in_an_item_is_replaced(start: Any, opened: Open) -> None:
    server = start("2", "--hang-timeout", "0.5", "--grace", "1")
    items = opened(server, "p_b")
    victim = next(items)
    rest = Background(lambda: list(items))
    server.wait_for_log(rf"process {victim}\) hangs; starting its successor(?s:.*)is ready")
    server.wait_for_log(rf"process {victim}\) ended with status 1")
    assert rest.outcome[0] in {LOST, *STOPPED}
    (other,) = opened(server, "p")
    assert other != victim


@BOTH
def test_one_process_that_hangs_in_an_item_ends_its_stream_and_itself(start: Any, opened: Open) -> None:
    server = start("1", "--hang-timeout", "0.5", "--grace", "1")
    items = opened(server, "a_b")
    assert next(items) == "a"
    assert next(items) in {LOST, *STOPPED}
    assert server.wait() == 1
    server.process.returncode = 0


def test_clients_that_stop_and_disconnect_hold_no_other_call(start: Any, opened: Open, workers: str) -> None:
    server = start(workers)
    slow = [opened(server, "*") for _ in range(3)]
    for items in slow:
        next(items)
    assert list(opened(server, "abc")) == ["a", "b", "c"]
    for items in slow:
        items.close()  # type: ignore[attr-defined]
    wait_until(lambda: server.log.count("closed") == 4, "the generators to be closed")


def test_a_client_that_disconnects_while_an_item_is_made_closes_the_generator(
    start: Any, flag: Path, opened: Open, workers: str
) -> None:
    server = start(workers)
    items = opened(server, "a_*")
    assert next(items) == "a"
    server.wait_for_log("^waits$")
    items.close()  # type: ignore[attr-defined]
    flag.touch()
    server.wait_for_log("^closed$")
    assert list(opened(server, "c")) == ["c"]


def test_beyond_the_queue_streams_are_refused_at_once_and_open_ones_go_on(
    start: Any, flag: Path, opened: Open, workers: str
) -> None:
    """A worker holds one stream in its thread, and one in its queue."""
    server = start(workers, "--queue-size", "1")
    held = opened(server, "a_b")
    assert next(held) == "a"
    server.wait_for_log("^waits$")
    asked = [Background(lambda: list(opened(server, "_c"))) for _ in range(_AT_ONCE)]
    most = 2 * int(workers) - 1
    wait_until(lambda: sum(one.done for one in asked) >= _AT_ONCE - most, "streams to be refused")
    refused = [one for one in asked if one.done]
    assert {reason for one in refused for reason in one.outcome} <= REFUSED
    flag.touch()
    assert list(held) == ["_", "b"]
    assert [one.outcome for one in asked if one not in refused] == [["_", "c"]] * (_AT_ONCE - len(refused))
    assert re.search("Traceback", server.log) is None
