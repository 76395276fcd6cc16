"""The doctor reports the state of each plugin, and the command that installs a missing one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .reports import OPTION, texts

Run = Callable[..., Any]
Publish = Callable[..., Path]


def test_plugins_are_told_with_their_state(doctor: Run, publish: Publish) -> None:
    publish("acme-bad", {"extension": "bad = acme_bad"}, "raise KeyError('k')")
    publish("other-mock", {"transport": "mock = other"}, "")
    report = doctor("MyModel")
    assert report["ok"]
    found = {plugin["distribution"]: plugin for plugin in report["plugins"]}
    assert {name: (p["state"], p["selected"]) for name, p in found.items()} == {
        "acme-bad": ("broken", False),
        "acme-fake": ("ok", True),
        "acme-mock": ("clash", False),
        "other-mock": ("clash", False),
    }
    assert found["acme-bad"]["fault"].startswith("extension plugin 'bad' (acme-bad 1.0, acme_bad) cannot be")
    assert "KeyError: 'k'" in found["acme-bad"]["traceback"]
    assert len(texts(report, "warning")) == 3
    report = doctor("MyModel", "mock", "--extension", "bad")
    assert not report["ok"]
    assert [text[:50] for text in texts(report, "error")] == [
        "API_TYPE names the transport plugin 'mock', which ",
        "extension plugin 'bad' (acme-bad 1.0, acme_bad) ca",
    ]


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        (("MyModel", "REST"), "Install it with: pip install 'seldon-runtime[rest]'"),
        (("MyModel", "--persistence", "redis"), "Install it with: pip install 'seldon-runtime[redis]'"),
        (("MyModel", "--metrics", "prometheus"), "Install it with: pip install 'seldon-runtime[metrics]'"),
        (("MyModel", "fkae"), "Did you mean fake?"),
        (("MyModel", "fake,fake"), "API_TYPE names 'fake' twice"),
    ],
)
def test_what_is_missing_is_told_with_the_line_that_installs_it(
    doctor: Run, words: tuple[str, ...], ending: str
) -> None:
    (error,) = texts(doctor(*words), "error")
    assert error.endswith(ending)


def test_persistence_without_its_plugin_is_a_warning_for_the_bare_switch(doctor: Run) -> None:
    report = doctor("MyModel", PERSISTENCE="1")
    assert report["ok"]
    (warning,) = texts(report, "warning")
    assert "pip install 'seldon-runtime[redis]'" in warning


def test_metrics_that_nobody_asked_for_are_told_of(doctor: Run, publish: Publish) -> None:
    option = OPTION.format('["--metrics-port"], type=int, default=6000')
    publish("acme-metrics", {"metrics": "prometheus = acme_metrics"}, option)
    (note,) = [text for text in texts(doctor("MyModel"), "note") if "prometheus" in text]
    assert note == (
        "the metrics plugin prometheus is selected because it is installed and opens port 6000; "
        "METRICS=0 turns it off"
    )
    assert not [text for text in texts(doctor("M", METRICS="prometheus"), "note") if "prometheus" in text]


def test_a_metrics_plugin_may_make_its_transport_in_other_hooks(doctor: Run, publish: Publish) -> None:
    source = """
        from seldon_runtime.plugin import Interceptor, Observer, hookimpl

        class Page(Observer, Interceptor):
            name, address = "page", "page:nowhere"
            def start(self): pass
            def stop_accepting(self): pass
            def stop(self, grace_s): pass

        class Plugin:
            @hookimpl
            def seldon_observer(self):
                self.observer = Page()
                return self.observer

            @hookimpl
            def seldon_interceptor(self):
                self.interceptor = self.observer
                return self.interceptor

            @hookimpl
            def seldon_transport(self):
                return self.interceptor
    """
    publish("acme-page", {"metrics": "page = acme_page:Plugin"}, source)
    assert doctor("MyModel", METRICS="page")["ok"]
