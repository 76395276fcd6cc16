"""Whatever becomes of the log, calls are answered.

Against real processes. Where standard error is not the test's own pipe, a shell puts it elsewhere
and then becomes ``seldon-run``.
"""

from __future__ import annotations

import json
import os
import sysconfig
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from tests.support.components import NOISY
from tests.support.http_client import HttpClient

Start = Callable[..., Any]
PRINTED = 4_000_000


class Redirected:
    """A ``seldon-run`` whose log the test cannot read."""

    def __init__(self, process: Any, port: int) -> None:
        self.process = process
        self.port = port
        wait_until(self._is_ready, "it is ready")

    def _is_ready(self) -> bool:
        assert self.process.process.poll() is None, self.process.log
        try:
            return self.status("/health/ready") == 200
        except ConnectionRefusedError:
            return False

    def status(self, path: str) -> int:
        """The status of one request over a connection of its own."""
        with HttpClient(self.port) as client:
            return client.get(path).status

    def ask(self, text: str) -> Any:
        """The answer's ``strData``, or its status when that is not 200."""
        with HttpClient(self.port) as client:
            answer = client.post("/predict", {"strData": text})
        return answer.json["strData"] if answer.status == 200 else answer.status


@pytest.fixture
def redirected(seldon_run: Start, tmp_path: Path, free_port: int) -> Callable[..., Redirected]:
    """``seldon_run`` of Noisy under a shell that redirects like this."""

    def redirected(redirection: str, *words: str) -> Redirected:
        program = tmp_path / "run"
        run = Path(sysconfig.get_path("scripts"), "seldon-run")
        program.write_text(f'#!/bin/sh\nexec {run} "$@" {redirection}\n')
        program.chmod(0o755)
        words = ("Noisy", "REST", "--http-port", str(free_port), *words)
        return Redirected(seldon_run(*words, source=NOISY, program=program, wait=False), free_port)

    return redirected


# a log that takes nothing


class Unread:
    """A named pipe whose open end nobody reads, until the test does."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._parts: list[bytes] = []
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._drain)

    def read(self) -> None:
        """Read from now on, in a thread; returns when the pipe has been emptied once."""
        os.set_blocking(self._end, True)
        self._thread.start()
        assert self._began.wait(WAIT_S)

    @property
    def text(self) -> bytes:
        """All of it: waits for the end of its writers."""
        self._thread.join(WAIT_S)
        return b"".join(self._parts)

    def close(self) -> None:
        """Nobody ever will read."""
        if self._thread.ident is not None:
            self._thread.join(WAIT_S)
        os.close(self._end)

    def _drain(self) -> None:
        while part := os.read(self._end, 1 << 20):
            self._parts.append(part)
            self._began.set()


@pytest.fixture
def unread(tmp_path: Path) -> Unread:
    return Unread(tmp_path / "unread")


def test_a_log_that_nobody_reads_delays_calls_once_and_stops_none(
    redirected: Callable[..., Redirected], unread: Unread
) -> None:
    server = redirected(f"2>{unread.path}", "--log-format", "json")
    for number in range(3):
        assert server.ask("flood") == "flood"
        assert server.ask(str(number)) == str(number)
    assert server.status("/health/live") == 200
    unread.read()
    assert server.ask("read again") == "read again"
    assert server.process.stop() == 0
    messages = [json.loads(line)["message"] for line in unread.text.splitlines()]
    unread.close()
    (loss,) = [message for message in messages if "were lost" in message]
    assert int(loss.split()[0]) > 200
    assert messages[messages.index(loss) + 1] == "asked for read again"
    assert messages[-1] == "stopped"


def test_a_log_that_nobody_reads_does_not_hold_the_end_up(
    redirected: Callable[..., Redirected], unread: Unread
) -> None:
    server = redirected(f"2>{unread.path}")
    assert server.ask("flood") == "flood"
    assert server.process.stop() == 0
    unread.close()


def test_a_log_whose_reader_has_ended_stops_nothing(
    redirected: Callable[..., Redirected], unread: Unread
) -> None:
    server = redirected(f"2>{unread.path}")
    unread.close()
    assert server.ask("flood") == "flood"
    assert server.ask("fail") == 500
    assert server.process.stop() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_full_disk_stops_nothing(redirected: Callable[..., Redirected], log_format: str) -> None:
    server = redirected("2>/dev/full", "--log-format", log_format, "--access-log")
    assert server.ask("flood") == "flood"
    assert server.ask("fail") == 500
    assert server.process.stop() == 0


def test_what_is_written_to_a_closed_stream_does_not_reach_a_client(
    redirected: Callable[..., Redirected],
) -> None:
    """The next socket would get the number of the stream that is closed."""
    server = redirected("<&- >&- 2>&-")
    for _ in range(3):
        assert server.ask("write") == "write"
    assert server.process.stop() == 0


# what user code prints


def test_megabytes_on_stdout_go_through(seldon_run: Start) -> None:
    process = seldon_run("Noisy", "REST", source=NOISY)
    assert process.post("/predict", {"strData": "print"}).status == 200
    process.wait_for_log(f"x{{{PRINTED}}}")


def test_megabytes_on_a_stdout_that_nobody_reads_stop_only_the_component(
    redirected: Callable[..., Redirected], unread: Unread
) -> None:
    """``print`` waits for its reader, as it does in any program: so the call waits. Nothing else does."""
    server = redirected(f">{unread.path}")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(server.ask, "print")
        server.process.wait_for_log("printing")
        for _ in range(5):
            assert server.status("/health/ready") == 200
        assert not asked.done()
        unread.read()
        assert asked.result(WAIT_S) == "print"
    assert server.process.stop() == 0
    assert len(unread.text) == PRINTED + 1
    unread.close()


def test_a_call_that_prints_for_nobody_does_not_hold_the_end_up(
    redirected: Callable[..., Redirected], unread: Unread
) -> None:
    server = redirected(f">{unread.path}", "--grace", "1")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(server.ask, "print")
        server.process.wait_for_log("printing")
        server.process.terminate()
        assert server.process.wait() == 1
        assert isinstance(asked.exception(WAIT_S), ConnectionError)
    assert "calls were still running after the grace period" in server.process.log
    unread.close()
