"""Several workers under load: ended, killed, replaced, hung."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.testing import wait_until
from tests.support.components import HOST

Start = Callable[..., Any]
BOTH = pytest.mark.parametrize("transport", ["rest", "grpc"])
SOON = ("--grpc-max-connection-age", "0.5", "--http-max-connection-age", "0.5")
"""Clients are dealt out again and again."""

STILL_S = 1.5

LOST_WITH_A_WORKER = "RemoteDisconnected|ConnectionReset|UNAVAILABLE|BrokenPipe"


@BOTH
def test_a_reload_under_load_fails_no_call(seldon_run: Start, load: Start, transport: str) -> None:
    server = seldon_run("Host", "REST,GRPC", "--workers", "2", *SOON, source=HOST)
    clients = load(server, transport)
    clients.wait_for_processes(1)
    old = frozenset(re.findall(r"process (\d+)\) is ready", server.log))
    assert len(old) == 2
    server.process.send_signal(signal.SIGHUP)
    for process in old:
        server.wait_for_log(rf"process {process}\) ended with status 0")
    clients.wait_for_processes(1, other_than=old)
    clients.stop()
    assert clients.failures == []
    assert server.stop() == 0


@BOTH
def test_workers_that_stand_still_while_they_leave_lose_no_call(
    seldon_run: Start, load: Start, transport: str, slow: bool
) -> None:
    """As on a machine with too much to do: for longer than their clients have to leave."""
    if not slow:
        pytest.skip("takes long: tox run -e faults")
    server = seldon_run("Host", "REST,GRPC", "--workers", "2", *SOON, source=HOST)
    clients = load(server, transport, clients=16)
    clients.wait_for_processes(2)
    for number in range(12):
        if number % 2 == 0:
            server.process.send_signal(signal.SIGHUP)
        wait_until(lambda done=number: server.log.count("draining") > done, "a worker that leaves")
        index = re.findall(r"worker (\d) .*lifecycle: draining", server.log)[number]
        leaver = re.findall(rf"worker {index} \(process (\d+)\) is ready", server.log)[-2]
        os.kill(int(leaver), signal.SIGSTOP)
        time.sleep(STILL_S)
        os.kill(int(leaver), signal.SIGCONT)
        server.wait_for_log(rf"process {leaver}\) ended with status 0")
    clients.stop()
    assert clients.failures == []


@BOTH
def test_the_one_process_hands_over_to_a_worker_without_a_failed_call(
    seldon_run: Start, load: Start, transport: str
) -> None:
    server = seldon_run("Host", "REST,GRPC", source=HOST)
    clients = load(server, transport)
    old = clients.wait_for_processes(1)
    assert old == {str(server.process.pid)}
    server.process.send_signal(signal.SIGHUP)
    new = clients.wait_for_processes(1, other_than=old)
    server.wait_for_log("^.*lifecycle: stopped$")
    server.process.send_signal(signal.SIGHUP)
    clients.wait_for_processes(1, other_than=old | new)
    clients.stop()
    assert clients.failures == []
    assert server.stop() == 0


@BOTH
def test_only_calls_of_a_killed_worker_fail_and_another_one_takes_its_place(
    seldon_run: Start, load: Start, transport: str
) -> None:
    server = seldon_run("Host", "REST,GRPC", "--workers", "2", *SOON, source=HOST)
    clients = load(server, transport)
    victim = min(clients.wait_for_processes(2))
    os.kill(int(victim), signal.SIGKILL)
    new = server.wait_for_log(rf"process {victim}\) was ended by SIGKILL(?s:.*)process (\d+)\) is ready")[1]
    clients.wait_for(lambda: new in clients.answered, "answer of the new worker")
    clients.stop()
    assert len(clients.failures) <= 8, clients.failures  # of each client the one call that was under way


@BOTH
def test_the_only_worker_is_back_when_it_was_killed(seldon_run: Start, load: Start, transport: str) -> None:
    """After a reload the one process has a worker. Clients that connect meanwhile wait, over HTTP; over gRPC
    they are refused, and try again."""
    server = seldon_run("Host", "REST,GRPC", *SOON, source=HOST)
    server.process.send_signal(signal.SIGHUP)
    clients = load(server, transport)
    victim = min(clients.wait_for_processes(1, other_than=frozenset({str(server.process.pid)})))
    os.kill(int(victim), signal.SIGKILL)
    server.wait_for_log(rf"process {victim}\) was ended by SIGKILL")
    clients.wait_for_processes(1, other_than=frozenset({str(server.process.pid), victim}))
    clients.stop()
    if transport == "rest":
        assert len(clients.failures) <= 8, clients.failures
    assert [failure for failure in clients.failures if not re.search(LOST_WITH_A_WORKER, failure)] == []


@BOTH
def test_workers_that_have_done_their_share_are_replaced_without_a_failed_call(
    seldon_run: Start, load: Start, transport: str
) -> None:
    server = seldon_run("Host", "REST,GRPC", "--workers", "2", "--max-requests", "200", *SOON, source=HOST)
    clients = load(server, transport)
    clients.wait_for_processes(3)
    clients.stop()
    assert clients.failures == []


@BOTH
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_loses_no_accepted_call(seldon_run: Start, load: Start, transport: str, workers: str) -> None:
    """Refused connections and UNAVAILABLE are what a call gets that was not accepted."""
    server = seldon_run("Host", "REST,GRPC", "--workers", workers, source=HOST)
    clients = load(server, transport)
    clients.wait_for_answers()
    server.terminate()
    assert server.wait() == 0
    clients.stop()
    lost = [f for f in clients.failures if not re.search("ConnectionRefused|UNAVAILABLE", f)]
    assert lost == []
