"""A transport plugin that keeps a trace of what happens, for test_runtime.py."""

from __future__ import annotations

from collections.abc import Callable

from seldon_runtime import hookimpl
from seldon_runtime.call import Call
from seldon_runtime.observer import CallRecord
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings

trace: list[str] = []
at: dict[str, Callable[[], object]] = {}
"""What to do at a moment of the trace."""


def note(moment: str) -> None:
    """Keep the moment, then do what is to be done at it."""
    trace.append(moment)
    at.get(moment, lambda: None)()


class Transport:
    def __init__(self, name: str, service: Service) -> None:
        self.name = name
        self.service = service
        self.address = f"{name}://"

    def start(self) -> None:
        note(f"{self.name} starts, ready {self.service.ready}")

    def stop_accepting(self) -> None:
        note(f"{self.name} accepts no more, ready {self.service.ready}, draining {self.service.draining}")

    def stop(self, grace_s: float) -> None:
        assert 0 <= grace_s <= 5
        note(f"{self.name} stops")


class Observer:
    def call_finished(self, record: CallRecord) -> None:
        note(f"told of {record.method.value}")

    def life_changed(self, state: str) -> None:
        note(state)


class Interceptor:
    def intercept(self, call: Call, proceed: Callable[[Call], object]) -> object:
        note("intercepts")
        return proceed(call)


@hookimpl
def seldon_observer(settings: Settings) -> Observer:
    note("observers are asked for")
    return Observer()


@hookimpl
def seldon_interceptor(service: Service, settings: Settings) -> list[Interceptor]:
    note("interceptors are asked for")
    return [Interceptor()]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> list[Transport]:
    note("transports are asked for")
    return [Transport("one", service), Transport("two", service)]
