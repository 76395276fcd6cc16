"""Checking plugins in processes of their own: each has an outcome, whatever the others do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seldon_runtime.diagnostics import plugin_check
from seldon_runtime.diagnostics.plugin_check import PluginCheck, check_plugins
from seldon_runtime.plugins.registry import EXTENSION, find

Publish = Callable[..., Path]

GOOD = """
    import click
    from seldon_runtime import hookimpl

    print("noise on standard output")

    @hookimpl
    def seldon_options():
        return [click.Option(["--one"], envvar="ONE"), click.Option(["--two"], envvar=["TWO", "ZWEI"])]
"""


def check_of(*names: str) -> list[PluginCheck]:
    found = [find(EXTENSION, name) for name in names]
    checks = check_plugins(found)
    assert list(checks) == found
    return list(checks.values())


def test_a_good_plugin_tells_its_variables_and_is_not_imported_here(publish: Publish) -> None:
    publish("acme-good", {"extension": "good = acme_good"}, GOOD)
    assert check_of("good") == [PluginCheck(variables=("ONE", "TWO", "ZWEI"))]
    assert "acme_good" not in sys.modules


@pytest.mark.parametrize(
    ("source", "fault", "trace"),
    [
        ("raise KeyError('k')", "cannot be imported: KeyError: 'k'", 'acme_bad.py", line 1'),
        ("raise SystemExit(4)", "cannot be imported: SystemExit: 4", "SystemExit: 4"),
        ("import os; os._exit(4)", "ended the process with status 4 while it was imported", ""),
        ("import os; os.kill(os.getpid(), 9)", "ended the process by signal 9", ""),
        ("from seldon_runtime import hookimpl\n@hookimpl\ndef seldon_x(): pass", "does not fit", ""),
        (
            GOOD.replace("return [", "return [5, "),
            "returned int from seldon_options, expected a click.Option",
            "",
        ),
    ],
)
def test_a_bad_one_is_told_and_does_no_harm_to_the_others(
    publish: Publish, source: str, fault: str, trace: str
) -> None:
    publish("acme-good", {"extension": "good = acme_good\nbetter = acme_good"}, GOOD)
    publish("acme-bad", {"extension": "bad = acme_bad"}, source)
    before, bad, after = check_of("good", "bad", "better")
    assert before.fault is None
    assert after.fault is None
    assert bad.fault is not None
    assert bad.fault.startswith(f"extension plugin 'bad' (acme-bad 1.0, acme_bad) {fault}")
    assert trace in bad.traceback


def test_one_that_hangs_is_given_up(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_check, "TIMEOUT_S", 6.0)
    publish("acme-slow", {"extension": "slow = acme_slow"}, "import time; time.sleep(100)")
    publish("acme-good", {"extension": "good = acme_good"}, GOOD)
    slow, good = check_of("slow", "good")
    assert str(slow.fault).endswith("did not finish within 6 s while it was imported")
    assert good.fault is None


def test_a_thread_that_a_plugin_starts_does_not_keep_the_process(publish: Publish) -> None:
    busy = "    import threading, time; threading.Thread(target=time.sleep, args=(100,)).start()"
    publish("acme-busy", {"extension": "busy = acme_busy"}, GOOD + busy)
    assert check_of("busy") == [PluginCheck(variables=("ONE", "TWO", "ZWEI"))]
