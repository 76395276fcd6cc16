"""A supervisor for which nothing is due: it sleeps, however long the machine has been running."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from seldon_runtime import supervisor
from seldon_runtime.listening import Kept
from seldon_runtime.settings import Settings


@pytest.mark.parametrize("uptime_s", [0.0, 3601.0, 1e7], ids=["at once", "an hour", "months"])
def test_it_waits_long_when_nothing_is_due(monkeypatch, uptime_s):
    monkeypatch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: uptime_s))
    settings = Settings({"workers": 0, "load_sequentially": False, "drain_delay_s": 5.0})
    one = supervisor.Supervisor([], settings, Kept())
    assert one._wait_s() > 1000
    one._on_end(15)
    assert one._wait_s() == pytest.approx(5.0)
    one.clean()
