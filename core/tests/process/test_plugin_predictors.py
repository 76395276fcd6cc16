"""Plugins' predictors, in place of a class."""

from __future__ import annotations

import sys
import time

import pytest

from seldon_runtime.errors import StartupError

from .runtimes import Loader, ask

PREDICTOR = """
    import threading

    class Upper(Predictor):
        methods = frozenset({Method.PREDICT})

        def load(self):
            self.thread = threading.get_ident()

        def predict(self, method, request):
            assert threading.get_ident() == self.thread
            return Message(Payload(Kind.STR, request.payload.value.upper()))

        def metadata(self):
            return {"name": "upper"}

        def close(self):
            closed.append(threading.get_ident() == self.thread)

    closed = []

    @hookimpl
    def seldon_predictor(reference):
        return Upper() if reference.startswith("upper:") else None
"""


def test_a_plugins_predictor_answers_in_place_of_a_class(load_with: Loader) -> None:
    service = load_with(PREDICTOR, model_name="upper:case")
    assert ask(service, {"strData": "text"})["strData"] == "TEXT"
    assert service.metadata() == {"name": "upper"}
    assert (service.user, service.class_name) == (None, "Upper")


def test_a_predictor_that_takes_other_references_leaves_the_class(load_with: Loader) -> None:
    assert load_with(PREDICTOR).class_name == "Model"


def test_a_predictor_is_closed_once_on_its_thread_at_the_end(load_with: Loader) -> None:
    runtime = load_with.runtime(PREDICTOR, model_name="upper:case")
    runtime.load()
    assert runtime.startup.units.stop(time.monotonic() + 10)
    assert sys.modules["acme0"].closed == [True]


def test_a_predictor_and_state_do_not_go_together(load_with: Loader) -> None:
    with pytest.raises(StartupError, match="whose state cannot be saved: set PERSISTENCE=0"):
        load_with(PREDICTOR, persistence=True, model_name="upper:case")


def test_a_predictor_whose_load_fails_stops_the_start(load_with: Loader) -> None:
    source = PREDICTOR.replace("self.thread = threading.get_ident()", "raise SeldonError('no model')")
    with pytest.raises(StartupError, match="upper:case: load raised SeldonError: no model"):
        load_with(source, model_name="upper:case")
