"""Observers and interceptors: started in order, stopped in reverse, each whatever the others do."""

from __future__ import annotations

import time

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.process.parts import Parts
from seldon_runtime.service.observer import Observer


class Noting(Observer):
    def __init__(self, name: str, trace: list[str], error: BaseException | None = None) -> None:
        self.name = name
        self.trace = trace
        self.error = error

    def start(self) -> None:
        self.trace.append(f"{self.name} starts")
        if isinstance(self.error, OSError | StartupError):
            raise self.error

    def stop(self, grace_s: float) -> None:
        assert 0 <= grace_s <= 1
        self.trace.append(f"{self.name} stops")
        if self.error is not None:
            raise self.error


def test_parts_are_started_in_order_and_stopped_once_in_reverse() -> None:
    trace: list[str] = []
    parts = Parts()
    started = parts.start([("plugin", Noting("a", trace)), ("plugin", Noting("b", trace))])
    assert [part.name for part in started] == ["a", "b"]
    parts.stop(time.monotonic() + 1)
    parts.stop(time.monotonic() + 1)
    assert trace == ["a starts", "b starts", "b stops", "a stops"]


@pytest.mark.parametrize(
    ("error", "message"),
    [(OSError("no port"), "plugin two failed to start: OSError: no port"), (StartupError("own"), "own")],
)
def test_a_part_that_cannot_start_stops_the_start_and_those_before_it_are_stopped(
    error: Exception, message: str
) -> None:
    trace: list[str] = []
    parts = Parts()
    with pytest.raises(StartupError) as caught:
        parts.start([("plugin one", Noting("a", trace)), ("plugin two", Noting("b", trace, error))])
    assert str(caught.value) == message
    parts.stop(time.monotonic())
    assert trace == ["a starts", "b starts", "a stops"]


def test_a_part_that_cannot_stop_is_logged_and_the_others_are_stopped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    trace: list[str] = []
    parts = Parts()
    parts.start([("p", Noting("a", trace)), ("p", Noting("b", trace, ValueError("stuck")))])
    parts.stop(time.monotonic() + 1)
    assert trace[-2:] == ["b stops", "a stops"]
    assert caplog.messages == ["Noting of p failed to stop"]
