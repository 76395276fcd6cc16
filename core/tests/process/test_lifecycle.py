"""The life of a process: in which order things begin, serve and end, and what a failure leaves behind."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.builtin import defaults
from seldon_runtime.cli.main import run
from seldon_runtime.errors import StartupError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import TRANSPORT, find
from seldon_runtime.process.lifecycle import Runtime
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import WAIT_S
from seldon_runtime.transport.sockets import OwnSockets

Publish = Callable[..., Path]
Make = Callable[..., Runtime]

PLUGIN = Path(__file__).parents[1] / "sources" / "acme_life.py"
MODEL = """
    import acme_life

    class Model:
        def __init__(self):
            acme_life.note("constructed")

        def load(self):
            acme_life.note("load runs")

        def predict(self, X):
            acme_life.note("predict runs")
            return X
"""


@pytest.fixture
def life(publish: Publish) -> Any:
    """The plugin's module: its trace, and what to do when."""
    publish("acme-life", {"transport": "life = acme_life"}, PLUGIN.read_text())
    PluginSet([find(TRANSPORT, "life")])
    return sys.modules["acme_life"]


@pytest.fixture
def make(life: Any, write: Callable[[str, str], Path], settings: Callable[..., Settings]) -> Iterator[Make]:
    """``make(**settings)``: a runtime for Model.py in the current folder."""
    write("Model.py", MODEL)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    runtimes: list[Runtime] = []

    def make(**changes: object) -> Runtime:
        runtimes.append(
            Runtime(PluginSet([find(TRANSPORT, "life")], [defaults]), settings(**changes), OwnSockets())
        )
        return runtimes[-1]

    yield make
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for runtime in runtimes:
        runtime.startup.close()
        for executor in runtime.startup.units.executors:
            executor.stop(WAIT_S)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def on_this_thread() -> None:
    """The system may hand a signal to any thread; Python's handlers run on the main one."""
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


def call() -> Call:
    return Call(Method.PREDICT, b'{"strData":"s"}', JsonCodec(Limits()), "test")


LOAD = ["observers are asked for", "observer starts", "loading", "constructed", "load runs"]
START = [
    *LOAD,
    "interceptors are asked for",
    "interceptor starts",
    "transports are asked for",
    "loaded",
    "one starts, ready False",
    "two starts, ready False",
]
END = [
    "draining",
    "one accepts no more, ready False, draining True",
    "two accepts no more, ready False, draining True",
    "one stops",
    "two stops",
]
STOP = ["stopped", "interceptor stops", "observer stops"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_loads_then_serves_then_drains(make: Make, life: Any, number: int) -> None:
    life.at["ready"] = lambda: os.kill(os.getpid(), number)
    assert make().serve() == 0
    assert life.trace == [*START, "ready", *END, *STOP]


def test_seldon_run_serves_until_the_signal(
    make: Make, life: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make()
    monkeypatch.setenv("API_TYPE", "life")
    life.at["ready"] = terminate
    assert run(["Model", "--grace", "5"]) == 0
    assert life.trace == [*START, "ready", *END, *STOP]
    assert capsys.readouterr().out == ""


def test_calls_that_were_accepted_are_answered_before_the_end(make: Make, life: Any) -> None:
    runtime = make()
    answers: list[Any] = []

    def accept() -> None:
        service = next(iter(runtime.startup.transports)).service  # type: ignore[attr-defined]
        assert service.ready
        for _ in range(50):
            service.submit(call(), lambda answer, error: answers.append((answer, error)))
        terminate()

    life.at["ready"] = accept
    assert runtime.serve() == 0
    assert answers == [(b'{"meta":{},"strData":"s"}', None)] * 50
    assert life.trace[-3:] == STOP
    assert [life.trace.count(moment) for moment in ("intercepts", "predict runs", "told of predict")] == [
        50
    ] * 3


def test_a_transport_that_fails_to_start_ends_those_before_it(make: Make, life: Any) -> None:
    def fail() -> None:
        raise StartupError("port 5001 is in use")

    life.at["two starts, ready False"] = fail
    with pytest.raises(StartupError, match="port 5001 is in use"):
        make().serve()
    assert life.trace == [
        *START,
        *("one accepts no more, ready False, draining False", "one stops"),
        *("interceptor stops", "observer stops"),
    ]


def test_a_transport_that_fails_unexpectedly_is_named(make: Make, life: Any) -> None:
    error = OSError("no sockets left")

    def fail(error: Exception = error) -> None:
        raise error

    life.at["two starts, ready False"] = fail
    life.at["one stops"] = lambda: fail(ValueError("cannot stop either"))
    with pytest.raises(StartupError) as caught:
        make().serve()
    assert str(caught.value) == "transport two failed to start: OSError: no sockets left"
    assert caught.value.__cause__ is error


def test_a_transport_that_fails_to_stop_keeps_nobody_from_ending(
    make: Make, life: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("stuck")

    life.at.update({"ready": terminate, END[1]: fail, "one stops": fail})
    assert make().serve() == 0
    assert life.trace[-8:] == [*END, *STOP]
    failures = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    of = "transport one (transport plugin 'life' (acme-life 1.0, acme_life)) failed to"
    assert failures == [f"{of} stop accepting", f"{of} stop"]


@pytest.mark.parametrize("moment", ["loaded", "one starts, ready False", "two starts, ready False"])
def test_a_signal_while_starting_ends_what_had_begun(make: Make, life: Any, moment: str) -> None:
    life.at[moment] = terminate
    assert make().serve() == 0
    begun = START[: START.index(moment) + 1]
    stopped = ["one accepts no more, ready False, draining False", "one stops"]
    parts = ["interceptor stops", "observer stops"]
    assert life.trace == begun + (stopped if moment.startswith("two") else []) + parts


@pytest.mark.parametrize("kill", [terminate, on_this_thread])
def test_a_signal_while_loading_does_not_wait_for_the_load(
    make: Make, life: Any, kill: Callable[[], None]
) -> None:
    let_go = threading.Event()

    def hang() -> None:
        kill()
        assert let_go.wait(WAIT_S)

    life.at["load runs"] = hang
    assert make().serve() == 0
    assert life.trace == [*LOAD, "observer stops"]
    let_go.set()


def test_a_signal_that_another_thread_took_ends_the_service(make: Make, life: Any) -> None:
    late = threading.Timer(0.05, on_this_thread)  # most likely while the main thread waits already
    life.at["ready"] = late.start
    assert make().serve() == 0
    late.join()
    assert life.trace == [*START, "ready", *END, *STOP]


def test_a_second_signal_ends_the_process_at_once(
    make: Make, life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Exited(BaseException):
        pass

    def leave(status: int) -> None:
        raise Exited(status)

    monkeypatch.setattr(os, "_exit", leave)
    life.at["ready"] = life.at["draining"] = terminate
    with pytest.raises(Exited, match="143"):
        make().serve()


def test_calls_that_outlast_the_grace_period_are_given_up(
    make: Make, life: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(logging, "shutdown", lambda: None)  # it would close pytest's own handlers
    runtime = make(grace_s=0.0)
    begun, opened = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        assert opened.wait(WAIT_S)

    def accept() -> None:
        next(iter(runtime.startup.transports)).service.submit(call(), lambda answer, error: None)  # type: ignore[attr-defined]
        assert begun.wait(WAIT_S)
        terminate()

    life.at.update({"predict runs": hang, "ready": accept})
    runtime.serve()
    opened.set()
    assert left == [1]
    assert "calls were still running after the grace period; their answers are lost" in caplog.text


def test_a_call_that_hangs_before_the_process_is_ready_ends_it(
    make: Make, life: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    monkeypatch.setattr(logging, "shutdown", lambda: None)
    ready: list[bool] = []
    runtime = make(hang_timeout_s=0.1, grace_s=0.0)
    refused, opened = threading.Event(), threading.Event()

    def accept() -> None:
        service = next(iter(runtime.startup.transports)).service  # type: ignore[attr-defined]
        for _ in range(2):  # the second call waits
            service.submit(call(), lambda answer, error: refused.set() if error is not None else None)
        assert refused.wait(WAIT_S), "nobody noticed that the first call hangs"

    life.at.update({"predict runs": lambda: opened.wait(WAIT_S), "two starts, ready False": accept})
    life.at["ready"] = lambda: ready.append(next(iter(runtime.startup.transports)).service.ready)  # type: ignore[attr-defined]
    runtime.serve()
    opened.set()
    assert left == [1]
    assert ready == [False]
