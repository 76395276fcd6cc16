"""A transport plugin that keeps a trace of what happens, for test_lifecycle.py."""

from __future__ import annotations

from collections.abc import Callable

from seldon_runtime.plugin import (
    Call,
    Interceptor,
    Lifecycle,
    Observer,
    Outcome,
    Request,
    Service,
    Settings,
    hookimpl,
)

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


class Notes(Observer):
    def start(self) -> None:
        note("observer starts")

    def stop(self, grace_s: float) -> None:
        note("observer stops")

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        note(f"told of {call.method.value}")

    def lifecycle_changed(self, state: Lifecycle) -> None:
        note(state.value)


class Around(Interceptor):
    def start(self) -> None:
        note("interceptor starts")

    def stop(self, grace_s: float) -> None:
        note("interceptor stops")

    def before(self, call: Call, request: Request) -> Request:
        note("intercepts")
        return request


@hookimpl
def seldon_observer(settings: Settings) -> Notes:
    note("observers are asked for")
    return Notes()


@hookimpl
def seldon_interceptor(service: Service, settings: Settings) -> list[Around]:
    note("interceptors are asked for")
    return [Around()]


@hookimpl
def seldon_transport(service: Service, settings: Settings) -> list[Transport]:
    note("transports are asked for")
    return [Transport("one", service), Transport("two", service)]
