"""The doctor loads the class in another process, and reports why it does not load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.diagnostics import component_check

from .reports import texts

Run = Callable[..., Any]


def test_the_class_is_loaded_elsewhere(doctor: Run, write: Any) -> None:
    report = doctor("MyModel")
    assert "MyModel (MODEL) loads and defines predict" in texts(report, "note")
    assert "MyModel" not in sys.modules


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("raise RuntimeError('imported')", "module 'Bad' could not be imported: RuntimeError: imported"),
        ("class Good: pass", "has no class 'Bad'"),
        ("import sklearn_of_nowhere", "Install it with: pip install sklearn-of-nowhere"),
        ("class Bad:\n  def load(self): raise KeyError('w')", "Bad: Bad.load raised KeyError: 'w'"),
        ("class Bad:\n  def __init__(self, path): pass", "Bad needs the parameter 'path'"),
        ("import os; os._exit(3)", "the component ended the process with status 3 while it was loaded"),
        (
            "print('noise')\nimport ctypes; ctypes.string_at(0)",
            "the component ended the process by signal 11",
        ),
    ],
)
def test_a_class_that_does_not_load_is_an_error(doctor: Run, write: Any, source: str, fault: str) -> None:
    write("Bad.py", source)
    (error,) = texts(doctor("Bad"), "error")
    assert fault in error


def test_a_load_without_an_end_is_a_warning(doctor: Run, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(component_check, "TIMEOUT_S", 3.0)
    write("Slow.py", "import threading\nthreading.Event().wait()\n")
    report = doctor("Slow")
    assert report["ok"]
    (warning,) = texts(report, "warning")
    assert warning.startswith(
        "the component did not finish within 3 s while it was loaded; seldon-run --check"
    )


def test_a_class_without_the_method_of_its_type_is_warned_of(doctor: Run) -> None:
    (warning,) = texts(doctor("MyModel", "--service-type", "ROUTER"), "warning")
    assert warning == "SERVICE_TYPE is ROUTER, but the class defines no route"
