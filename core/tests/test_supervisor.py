"""What the supervisor does while nothing happens; its life with real processes is tested in ``tests``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from seldon_runtime import supervisor
from seldon_runtime.listening import Kept
from seldon_runtime.settings import Settings
from seldon_runtime.supervisor import Supervisor

SETTINGS = {"workers": 2, "grace_s": 20.0, "drain_delay_s": 0.0, "load_sequentially": False}


class Worker:
    """One that lives, serves, and says nothing."""

    speaks = ready = True
    retiring = False
    kill_at = replaces = None

    def __init__(self, *arguments: object) -> None:
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
    monkeypatch.setattr(supervisor, "WorkerProcess", Worker)
    monkeypatch.setattr(time, "monotonic", lambda: uptime_s)
    monkeypatch.setattr(Supervisor, "attend", lambda self: alarm)
    with pytest.raises(KeyboardInterrupt):
        Supervisor([], Settings(SETTINGS), Kept()).run()
    assert alarm.waits == [None, None]
