"""Plugins' services and batchers: units with threads, names and state of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seldon_runtime.errors import SeldonError, StartupError

from .runtimes import Loader, ask

BATCHER = """
    class Together(Batcher):
        def group(self, call):
            return "all"

        def predict(self, method, requests, predict):
            sizes.append(len(requests))
            return [predict(method, request) for request in requests]

    sizes = []

    @hookimpl
    def seldon_batcher(service, settings):
        return Together()
"""


def test_a_plugins_batcher_answers_the_calls(load_with: Loader) -> None:
    service = load_with(BATCHER)
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert sys.modules["acme0"].sizes == [1]


SERVICE = """
    import threading

    class Chain(Service):
        '''Two components, the answer of one being the request of the next.'''

        def accept(self, call, done):
            first = self.units[0]
            first.executor.submit(lambda: self.run(call, done))

        def run(self, call, done):
            answer = error = None
            try:
                message = call.codec.read(call.method, call.wire)
                message = self.units[0].predictor.predict(call.method, message)
                second = self.units[1]
                message = second.executor.run(lambda: second.predictor.predict(call.method, message))
                answer = call.codec.write(call.method, message)
            except SeldonError as raised:
                error = raised
            self.finish(call, done, answer, error, call.submitted)

        def give_up(self, reason):
            self.alive = self.ready = False

    @hookimpl
    def seldon_service(units, settings):
        if not settings["model_name"].endswith(".chain"):
            return None
        loaded = [
            units.load("Model", {}, Identity(unit=name), ServiceType.MODEL) for name in ("first", "second")
        ]
        return Chain(loaded, metadata={"name": "chain"})
"""


def test_a_plugins_service_has_units_with_threads_and_names_of_their_own(load_with: Loader) -> None:
    service = load_with(SERVICE, model_name="two.chain")
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert [unit.identity.unit for unit in service.units] == ["first", "second"]
    assert len({unit.executor for unit in service.units}) == 2
    assert service.identity.unit == "first"


def test_the_state_of_each_unit_is_kept_under_its_own_key(load_with: Loader, tmp_path: Path) -> None:
    load_with(SERVICE, persistence=True, model_name="two.chain")
    folders = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert folders == ["persistence_0_0_first", "persistence_0_0_second"]


def test_an_error_of_a_plugins_service_is_an_answer(load_with: Loader) -> None:
    service = load_with(SERVICE, model_name="two.chain")
    with pytest.raises(SeldonError):
        ask(service, {})


SERVICE_BATCHER = """
    class Together(Batcher):
        def __init__(self, unit):
            self.unit = unit

        def group(self, call):
            return "all"

        def predict(self, method, requests, predict):
            seen.append((self.unit.identity.unit, len(requests)))
            return [predict(method, request) for request in requests]

    seen = []

    @hookimpl
    def seldon_batcher(unit):
        if unit.identity.unit in refused:
            raise StartupError("not this one")
        return Together(unit) if unit.identity.unit != "first" else None

    refused = set()
"""
COMPOSED = """
    from seldon_runtime.plugin import Ask, ComposedService

    class Chain(ComposedService):
        def steps(self, call, request):
            for unit in self.units:
                request = yield Ask(unit, call.method, request)
            return request

    @hookimpl
    def seldon_service(units, settings):
        return Chain([units.load("Model", {}, Identity(unit=name)) for name in ("first", "second")])
"""


def test_each_component_of_a_composed_service_has_the_batcher_of_its_own(load_with: Loader) -> None:
    service = load_with(SERVICE_BATCHER, COMPOSED)
    assert ask(service, {"strData": "text"})["strData"] == "text"
    assert sys.modules["acme0"].seen == [("second", 1)]


def test_a_component_whose_batches_are_refused_is_named(load_with: Loader) -> None:
    source = SERVICE_BATCHER.replace("refused = set()", "refused = {'second'}")
    with pytest.raises(StartupError, match=r"^second: not this one$"):
        load_with(source, COMPOSED)


def test_a_batcher_beside_a_service_that_does_not_batch_is_warned_of(
    load_with: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    load_with(SERVICE, SERVICE_BATCHER, model_name="two.chain")
    assert "does not batch calls: Together of extension plugin 'acme1'" in caplog.text
