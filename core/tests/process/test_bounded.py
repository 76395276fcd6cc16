"""Plugins that block hold up nobody, and the log names them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from seldon_runtime.process import bounded
from seldon_runtime.process.bounded import Bounded, Notices
from seldon_runtime.process.parts import Parts
from seldon_runtime.process.transports import Transports
from seldon_runtime.service.observer import Lifecycle, Observer
from seldon_runtime.testing import WAIT_S, Background, wait_until


@pytest.fixture
def opened() -> Iterator[threading.Event]:
    """An event for which plugins wait, set after the test."""
    event = threading.Event()
    yield event
    event.set()


def soon() -> float:
    return time.monotonic() + 0.01


def test_a_function_that_returns_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()
    Bounded("acme failed to stop", done.set).finish(time.monotonic() + WAIT_S)
    assert done.is_set()
    assert caplog.messages == []


def test_a_function_that_blocks_is_named(opened: threading.Event, caplog: pytest.LogCaptureFixture) -> None:
    bounded_act = Bounded("acme failed to stop", lambda: opened.wait(WAIT_S) and None)
    bounded_act.finish(soon())
    assert caplog.messages == ["acme failed to stop in time; the process goes on without it"]


def test_time_in_which_the_process_stood_still_does_not_count(
    opened: threading.Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def monotonic() -> float:
        looks.append(time.monotonic() + 1000 * (len(looks) > 0))  # the pause is between the first two looks
        return looks[-1]

    monkeypatch.setattr(bounded, "time", SimpleNamespace(monotonic=monotonic))
    bounded_act = Bounded("acme failed to stop", lambda: opened.wait(WAIT_S) and None)
    waiting = Background(lambda: bounded_act.finish(time.monotonic() + WAIT_S))
    wait_until(lambda: len(looks) > 3, "looks after the pause")
    opened.set()
    assert waiting.outcome is None
    assert caplog.messages == []
    assert 990 < bounded_act.stood_still_s < 1010


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_function_that_raises_is_logged(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise error

    Bounded("acme failed to stop", fail).finish(time.monotonic() + WAIT_S)
    (record,) = caplog.records
    assert record.getMessage() == "acme failed to stop"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


class Blocking:
    """A transport or observer that blocks where it is told to; it notes what it does."""

    address = "nowhere"

    def __init__(
        self, name: str, trace: list[str], blocks_at: str = "", opened: threading.Event | None = None
    ) -> None:
        self.name, self._trace, self._blocks_at, self._opened = name, trace, blocks_at, opened

    def _do(self, what: str) -> None:
        self._trace.append(f"{self.name} {what}")
        if what == self._blocks_at and self._opened is not None:
            self._opened.wait(WAIT_S)

    def start(self) -> None:
        self._do("start")

    def stop_accepting(self) -> None:
        self._do("stop_accepting")

    def stop(self, grace_s: float) -> None:
        assert grace_s >= 0
        self._do("stop")


class BlockingObserver(Blocking, Observer):
    def lifecycle_changed(self, state: Lifecycle) -> None:
        self._do(state.value)


@pytest.mark.parametrize("at", ["stop_accepting", "stop"])
def test_a_transport_that_blocks_holds_up_no_other(
    at: str, opened: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    trace: list[str] = []
    transports = Transports(
        [("the plugin", Blocking("one", trace, at, opened)), ("plugin b", Blocking("two", trace))]
    )
    transports.start()
    transports.stop(soon())
    assert trace == [
        f"{name} {act}" for act in ("start", "stop_accepting", "stop") for name in ("one", "two")
    ]
    act = at.replace("_", " ")
    assert caplog.messages == [
        f"transport one (the plugin) failed to {act} in time; the process goes on without it"
    ]


def test_transports_beside_the_selected_ones_stop_after_them() -> None:
    trace: list[str] = []
    page_has_stopped = threading.Event()

    class Answering(Blocking):
        def stop(self, grace_s: float) -> None:
            page_has_stopped.wait(0.3)  # longer than what stops at once needs
            super().stop(grace_s)

    class Page(Blocking):
        def stop(self, grace_s: float) -> None:
            super().stop(grace_s)
            page_has_stopped.set()

    both = [("a", Page("page", trace)), ("b", Answering("one", trace))]
    transports = Transports(both, ["ONE"])
    transports.start()
    transports.stop(time.monotonic() + WAIT_S)
    assert trace[2:] == ["page stop_accepting", "one stop_accepting", "one stop", "page stop"]


def test_an_observer_that_blocks_its_stop_takes_its_share_only(
    opened: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    trace: list[str] = []
    parts = Parts()
    parts.start(
        [("a", BlockingObserver("a", trace)), ("the plugin", BlockingObserver("b", trace, "stop", opened))]
    )
    parts.stop(time.monotonic() + 0.1)
    assert trace[2:] == ["b stop", "a stop"]
    assert caplog.messages == [
        "BlockingObserver of the plugin failed to stop in time; the process goes on without it"
    ]


def test_an_observer_that_is_still_busy_misses_what_comes_meanwhile(
    opened: threading.Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_NOTICE_S", 0.05)
    trace: list[str] = []
    both = [BlockingObserver("a", trace, "draining", opened), BlockingObserver("b", trace)]
    notices = Notices(both)
    notices.send(Lifecycle.DRAINING)
    notices.send(Lifecycle.STOPPED)
    assert trace == ["a draining", "b draining", "b stopped"]
    assert len(caplog.messages) == 1
    assert "BlockingObserver failed to take the state draining in time" in caplog.messages[0]


def test_an_observer_that_was_slow_receives_the_next_state(
    opened: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_NOTICE_S", 0.0)
    trace: list[str] = []
    ended = threading.Event()

    class Slow(BlockingObserver):
        def lifecycle_changed(self, state: Lifecycle) -> None:
            super().lifecycle_changed(state)
            ended.set()

    notices = Notices([Slow("a", trace, "loading", opened)])
    notices.send(Lifecycle.LOADING)
    opened.set()
    assert ended.wait(WAIT_S)
    monkeypatch.setattr(bounded, "_NOTICE_S", WAIT_S)
    wait_until(lambda: notices.send(Lifecycle.LOADED) or "a loaded" in trace, "the thread has ended")
    assert trace == ["a loading", "a loaded"]


def test_an_observer_that_raises_keeps_no_state_from_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Raises(Observer):
        def lifecycle_changed(self, state: Lifecycle) -> None:
            raise SystemExit(state.value)

    trace: list[str] = []
    Notices([Raises(), BlockingObserver("b", trace)]).send(Lifecycle.READY)
    assert trace == ["b ready"]
    (message,) = caplog.messages
    assert message.endswith("Raises failed to take the state ready")
