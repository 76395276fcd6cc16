"""The doctor finds problems of valid settings: ports, state, processes, libraries, variables."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.diagnostics import checks

from .reports import texts

Run = Callable[..., Any]
Publish = Callable[..., Path]


def test_a_library_for_a_setting_that_is_not_there_is_told(
    doctor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    report = doctor("MyModel", "--reload", MODEL_METADATA="name: a")
    assert [re.search(r"pip install '.*?'", text)[0] for text in texts(report, "error")] == [  # type: ignore[index]
        "pip install 'seldon-runtime[reload]'",
        "pip install 'seldon-runtime[yaml]'",
    ]


def test_a_variable_that_is_nearly_a_setting_is_told(doctor: Run) -> None:
    report = doctor("MyModel", SELDON_GRACE="5", SELDON_SVC_PORT_8000_TCP="x", FAKE_PROT="1")
    assert texts(report, "warning") == [
        "the variable FAKE_PROT is not a setting. Did you mean FAKE_PORT?",
        "the variable SELDON_GRACE is not a setting. Did you mean SELDON_GRACE_S?",
    ]


STORE = """
    from seldon_runtime import hookimpl

    @hookimpl
    def seldon_state_store():
        return None
"""
STATE = "acme-state", {"persistence": "keep = acme_state"}, STORE


@pytest.mark.parametrize(
    ("option", "what"), [("--workers", "worker processes"), ("--threads", "component threads")]
)
def test_state_with_several_workers_or_threads_is_an_error(
    doctor: Run, publish: Publish, option: str, what: str
) -> None:
    publish(*STATE)
    report = doctor("MyModel", "--persistence", "keep", option, "2")
    assert texts(report, "error") == [
        f"persistence with 2 {what} is not possible: each would learn for itself, and their states cannot be "
        f"merged. Set {option} 1, or PERSISTENCE=0"
    ]


@pytest.mark.parametrize(("required", "severity"), [("0", "warning"), ("1", "error")])
def test_state_without_a_secret_is_told(doctor: Run, publish: Publish, required: str, severity: str) -> None:
    publish(*STATE)
    report = doctor("MyModel", PERSISTENCE="keep", PERSISTENCE_REQUIRE_SIGNATURE=required)
    (text,) = texts(report, severity)
    assert text.startswith("PERSISTENCE_SECRET_KEY is not set")


def test_processes_and_threads_are_told_of(doctor: Run) -> None:
    report = doctor("MyModel", "--workers", "900", "--threads", "4")
    assert [text[:30] for text in texts(report, "warning")] == ["4 threads call the component o"]
    notes = "\n".join(texts(report, "note"))
    assert re.search(r"900 workers share \d+ processors", notes)
    assert "each has its own object" in notes


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_start_method_that_forks_is_told_of(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(checks.multiprocessing, "get_start_method", lambda **_: method)
    notes = texts(doctor("MyModel"), "note")
    assert any("multiprocessing forks" in note for note in notes) is (method == "fork")


def test_a_port_in_use_is_an_error(doctor: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        report = doctor("MyModel", "--host", "127.0.0.1", "--fake-port", str(port))
        (error,) = texts(report, "error")
        assert error.startswith(
            "transport plugin 'fake' (acme-fake 1.0, acme_fake): cannot listen on 127.0.0.1:"
        )
        assert doctor("MyModel", "--host", "127.0.0.1", "--fake-port", "0")["ok"]


def test_two_transports_at_one_port_are_an_error(doctor: Run) -> None:
    report = doctor("MyModel", "fake,mock", "--fake-port", "50123", "--mock-port", "50123")
    (error,) = texts(report, "error")
    assert error.endswith("both use port 50123")
