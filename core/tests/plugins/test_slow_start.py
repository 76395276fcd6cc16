"""The start says for whom it waits."""

from __future__ import annotations

import logging
import threading

import pytest

from seldon_runtime.plugins.slow_start import SlowStart
from seldon_runtime.testing import wait_until


def test_a_plugin_that_holds_up_the_start_is_named_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    slow = SlowStart(first_s=0.02, again_s=0.02)
    with slow.waiting_for("the start of acme"):
        wait_until(lambda: len(caplog.messages) >= 2, "two reports")
    assert set(caplog.messages) == {"the start still waits for the start of acme, since 0 s"}
    assert caplog.records[0].levelno == logging.WARNING


def test_its_thread_ends_with_the_start(caplog: pytest.LogCaptureFixture) -> None:
    slow = SlowStart(first_s=0.02)
    for _ in range(3):
        with slow.waiting_for("a quick one"):
            pass
    wait_until(
        lambda: "slow-start" not in {thread.name for thread in threading.enumerate()}, "the thread to end"
    )
    assert caplog.messages == []
