"""Batches are for methods that take their time."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.plugin import Kind, Message, Method, Payload
from seldon_runtime_batching import pace
from seldon_runtime_batching.pace import Pace


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``took(seconds)``: the pace after a prediction that took so long."""
    answer = Message(Payload(Kind.STR, "answer"))

    def took(pace_: Pace, seconds: float) -> None:
        times = iter([1.0, 1.0 + seconds])
        monkeypatch.setattr(pace.time, "perf_counter", lambda: next(times))
        assert pace_.measured(lambda method, request: answer)(Method.PREDICT, answer) is answer

    return took


def test_a_method_is_slow_until_it_was_quick(took: Any) -> None:
    one = Pace()
    assert not one.is_quick()
    took(one, 1e-5)
    assert [one.is_quick() for _ in range(64)].count(False) == 1
    took(one, 1e-3)
    assert not any(one.is_quick() for _ in range(64))
