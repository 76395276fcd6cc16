"""What the supervisor does while nothing happens; its life with real processes is tested in ``tests``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from seldon_runtime.settings.values import Settings
from seldon_runtime.supervision import worker_pool
from seldon_runtime.supervision.supervisor import Supervisor
from seldon_runtime.transport.sockets import SharedSockets

SETTINGS = {"workers": 2, "grace_s": 20.0, "drain_delay_s": 0.0, "load_sequentially": False}


class Worker:
    """One that lives, serves, and says nothing."""

    is_connected = ready = True
    retiring = restart_on_exit = False
    kill_at = None
    status, age_s, ending = 1, 0.0, "ended with status 1"

    def __init__(self, *arguments: Any) -> None:
        (_, self.index, *_, self.replaces) = arguments

    def retire(self, order: object, within_s: float) -> None:
        self.retiring = True

    def close(self) -> None:
        pass

    def poll(self) -> int | None:
        return None

    def kill(self) -> None:
        pass


class Alarm:
    """Tells how long was waited for it, and ends the second wait."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def wait(self, others: Sequence[Any], timeout_s: float | None) -> list[Any]:
        self.waits.append(timeout_s)
        if len(self.waits) == 2:
            raise KeyboardInterrupt
        return []


@pytest.mark.parametrize("uptime_s", [10.0, 1e6])
def test_it_sleeps_until_something_happens_however_long_the_machine_has_been_up(
    uptime_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = Alarm()
    monkeypatch.setattr(worker_pool, "WorkerProcess", Worker)
    monkeypatch.setattr(time, "monotonic", lambda: uptime_s)
    monkeypatch.setattr(Supervisor, "handle_signals", lambda self: alarm)
    with pytest.raises(KeyboardInterrupt):
        Supervisor([], Settings(SETTINGS), SharedSockets()).run()
    assert alarm.waits == [None, None]


@pytest.mark.parametrize("hangs", [True, False])
def test_a_worker_whose_successor_fails_too_is_started_again(
    hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "WorkerProcess", Worker)
    supervisor = Supervisor([], Settings(SETTINGS), SharedSockets())
    workers = supervisor._workers
    workers.start_due()
    first, _ = workers
    workers.replace(first)
    successor = workers.successor_of(first)
    assert successor is not None
    successor.ready = False
    if hangs:
        supervisor._on_hang(first)
    else:
        workers.remove(first)
        supervisor._on_exit(first)
    assert workers.due_times() == ([first.kill_at] if hangs else [])
    workers.remove(successor)
    supervisor._on_exit(successor)
    assert len(workers.due_times()) == (2 if hangs else 1)
    supervisor.release()
