"""Plugins' services and batchers: units with threads, names and state of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from seldon_runtime.errors import SeldonError

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


COMPOSED = """
    from seldon_runtime.plugin import Ask, Batcher, ComposedService, Identity, hookimpl

    class Alone(ComposedService):
        def steps(self, call, request):
            return (yield Ask(self.units[0], call.method, request))

    class Pairs(Batcher):
        def group(self, call):
            return None

        def predict(self, method, requests, predict):
            return [predict(method, request) for request in requests]

    @hookimpl
    def seldon_service(units, settings):
        return Alone([units.load(settings["model_name"], {}, Identity())])

    @hookimpl
    def seldon_batcher(service, settings):
        return Pairs()
"""


def test_a_batcher_beside_a_service_that_does_not_batch_is_warned_of(
    load_with: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    load_with(COMPOSED)
    assert "does not batch calls: Pairs" in caplog.text
