"""The log while a step takes long."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from seldon_runtime.process.progress import reported
from seldon_runtime.testing import wait_until


def test_the_seconds_are_told_until_the_step_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with reported("loading MyModel", first_s=0.01):
        assert caplog.messages[0] == "loading MyModel …"
        wait_until(lambda: len(caplog.messages) > 2, "two lines tell the seconds")
    count = len(caplog.messages)
    assert all(re.fullmatch(r"loading MyModel … \d+ s", message) for message in caplog.messages[1:])
    assert "progress" not in [thread.name for thread in threading.enumerate()]
    assert len(caplog.messages) == count


def test_a_quick_step_has_one_line_and_a_failed_one_ends_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ValueError, match="no weights"), reported("loading MyModel"):
        raise ValueError("no weights")
    assert caplog.messages == ["loading MyModel …"]
    assert "progress" not in [thread.name for thread in threading.enumerate()]
