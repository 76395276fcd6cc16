"""The tests of a transport's life cycle: start, readiness, draining, stop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.errors import StartupError
from seldon_runtime.inference.method import Method
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.plugins.registry import TRANSPORT, find
from seldon_runtime.testing.components import Gated, Mirror
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject
from seldon_runtime.testing.served import Served
from seldon_runtime.testing.waiting import Background, wait_until
from seldon_runtime.transport.sockets import OwnSockets

_ACCEPTED = 5
_SHORT_GRACE_S = 0.3


class _WorkersSockets(OwnSockets):
    """Sockets as a further worker receives them: another one has made them non-blocking already."""

    def __init__(self) -> None:
        self.becomes_blocking = False

    def bind(self, host: str, port: int, setting: str) -> socket.socket:
        """Return a listening socket that reports when it, or a duplicate of it, becomes blocking."""
        sockets = self

        class Reporting(socket.socket):
            def settimeout(self, value: float | None) -> None:
                super().settimeout(value)
                sockets.becomes_blocking |= value is None

            def setblocking(self, flag: bool) -> None:
                super().setblocking(flag)
                sockets.becomes_blocking |= flag

        listener = super().bind(host, port, setting)
        listener.setblocking(False)
        return Reporting(fileno=listener.detach())


class TransportLife(TransportSubject):
    """Part of :class:`TransportContract`."""

    def try_text(self, address: str, text: str) -> Exception | None:
        """Make a call with a short timeout; return None for an answer, or the refusal."""
        try:
            answer = self.call(address, Method.PREDICT, {"strData": text}, self.patience_s)
        except CallFailed as failed:
            assert failed.reason == "MICROSERVICE_UNAVAILABLE"  # noqa: PT017 - only this one is a refusal
            return failed
        except OSError as error:
            return error
        assert answer["strData"] == text
        return None

    def ready_by_probe(self, address: str) -> bool:
        """Return the readiness probe's result; False if the server does not respond."""
        try:
            return self.is_ready(address)
        except OSError:
            return False

    def test_its_name_is_that_of_its_entry_point(self, contract_mirror: Served) -> None:
        assert contract_mirror.transport.name == self.transport

    def test_its_address_tells_where_it_is(self, contract_mirror: Served) -> None:
        address = contract_mirror.address
        assert address == contract_mirror.address
        assert "://" in address or ":" in address
        assert not address.endswith(":0"), "the address must have the actual port, not 0"

    def test_nothing_runs_before_it_is_started(self, serve: Callable[..., Served]) -> None:
        before = set(threading.enumerate())
        gated = Gated()
        served = serve(gated, started=False)
        wait_until(lambda: not _others(before), "no thread but the component's")  # one may be ending
        assert self.try_text(served.address, "early") is not None
        assert gated.seen == []
        served.start()
        assert self.ask_text(served, "in time") == "in time"

    def test_it_leaves_the_listening_socket_of_other_workers_non_blocking(
        self, serve: Callable[..., Served]
    ) -> None:
        if not self.several_workers:
            pytest.skip(f"{self.transport} is served by one worker")
        sockets = _WorkersSockets()
        served = serve(Mirror(), sockets=sockets)
        assert self.ask_text(served, "text") == "text"
        served.stop()
        assert not sockets.becomes_blocking, "workers share the mode: an accept of theirs could hang"

    def test_it_is_ready_when_the_service_is(self, serve: Callable[..., Served]) -> None:
        served = serve(Mirror(), started=False).start(ready=False)
        assert not self.ready_by_probe(served.address)
        served.service.ready = True
        wait_until(lambda: self.ready_by_probe(served.address), "readiness")
        served.drain()
        wait_until(lambda: not self.ready_by_probe(served.address), "the end of readiness")

    def test_accepted_calls_are_answered_while_it_drains(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        running = Background(lambda: self.ask_text(served, "wait"))
        gated.wait_until_entered()
        texts = [str(number) for number in range(_ACCEPTED)]
        accepted = [Background(lambda text=text: self.ask_text(served, text)) for text in texts]  # type: ignore[misc]
        wait_until(lambda: served.executor.waiting == _ACCEPTED, "all calls to be accepted")
        served.drain()
        stopping = Background(served.stop)
        gated.open()
        assert running.outcome == "wait"
        assert [client.outcome for client in accepted] == texts
        assert stopping.outcome is None

    def test_once_it_stops_accepting_calls_are_refused_and_not_run(
        self, serve: Callable[..., Served]
    ) -> None:
        gated = Gated()
        served = serve(gated)
        assert self.ask_text(served, "before") == "before"
        served.drain()
        answered: list[str] = ["before"]
        refused: list[str] = []

        def is_refused() -> bool:
            text = f"late {len(answered)}"
            (answered if self.try_text(served.address, text) is None else refused).append(text)
            return bool(refused)

        wait_until(is_refused, "calls to be refused")
        served.stop()
        assert gated.seen == answered

    def test_a_stuck_call_does_not_keep_it_from_stopping(self, serve: Callable[..., Served]) -> None:
        gated = Gated()
        served = serve(gated)
        stuck = Background(lambda: self.ask_text(served, "wait"))
        gated.wait_until_entered()
        served.drain()
        stopping = Background(lambda: served.stop_transports(_SHORT_GRACE_S))
        assert stopping.outcome is None
        assert stuck.done is False or isinstance(stuck.outcome, CallFailed | OSError)
        gated.open()

    def test_it_leaves_no_thread_behind(self, serve: Callable[..., Served]) -> None:
        before = set(threading.enumerate())
        served = serve(Mirror())
        assert self.ask_text(served, "text") == "text"
        served.stop()
        wait_until(lambda: set(threading.enumerate()) <= before, f"the end of {threading.enumerate()}")

    def test_a_call_that_ends_after_it_has_stopped_harms_nobody(
        self, serve: Callable[..., Served], caplog: pytest.LogCaptureFixture
    ) -> None:
        gated = Gated()
        served = serve(gated)
        lost = Background(lambda: self.ask_text(served, "wait"))
        gated.wait_until_entered()
        served.drain()
        served.stop_transports(0)
        gated.open()
        served.stop()
        assert lost.done is False or isinstance(lost.outcome, str | CallFailed | OSError)
        assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []

    def test_a_place_that_is_taken_stops_the_start_and_names_the_setting(
        self, serve: Callable[..., Served], tmp_path: Path
    ) -> None:
        if self.shares_places:
            pytest.skip(f"several may serve {self.transport} at one place")
        first = serve(Mirror())
        words = self.words_at(first.address, tmp_path)
        before = set(threading.enumerate())
        second = serve(Mirror(), *words, started=False)
        with pytest.raises(StartupError) as caught:
            second.start()
        assert any(word in str(caught.value) for word in self._words_for_places()), str(caught.value)
        second.stop()
        wait_until(lambda: set(threading.enumerate()) <= before, "its threads to end")
        assert self.ask_text(first, "still here") == "still here"

    def test_a_place_can_be_taken_again(self, serve: Callable[..., Served], tmp_path: Path) -> None:
        first = serve(Mirror())
        assert self.ask_text(first, "first") == "first"
        words = self.words_at(first.address, tmp_path)
        first.stop()
        assert self.ask_text(serve(Mirror(), *words), "second") == "second"

    def test_every_setting_has_flag_variable_and_help(self) -> None:
        for option in self._options():
            assert any(flag.startswith("--") for flag in option.opts), option.opts
            assert option.envvar, f"{option.opts[0]} has no environment variable"
            assert option.help, f"{option.opts[0]} has no help"

    def _options(self) -> list[Any]:
        plugins = PluginSet([find(TRANSPORT, self.transport)])
        return [option for _, option in plugins.collect("seldon_options")]

    def _words_for_places(self) -> list[str]:
        flags = [flag for option in self._options() for flag in option.opts]
        return [*flags, "--service-port", "--host"]


def _others(before: set[threading.Thread]) -> set[threading.Thread]:
    """Return the threads that started since, but for those of the component."""
    started = set(threading.enumerate()) - before
    return {thread for thread in started if not thread.name.startswith("component-")}
