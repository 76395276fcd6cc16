"""Tracebacks of user code without the frames of others."""

from __future__ import annotations

import json
import re
import sys
import traceback
from pathlib import Path

import pytest

from seldon_runtime.component.loading import load_class
from seldon_runtime.component.user_object import call_user
from seldon_runtime.errors import ComponentFailed, StartupError
from seldon_runtime.tracebacks import hide_frames, place_of


def files_of(error: BaseException) -> list[str]:
    return re.findall(r'File "([^"]+)"', "".join(traceback.format_exception(error)))


def test_importlib_and_the_runtime_are_hidden_in_every_exception_of_a_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "inner_that_fails.py").write_text(
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError('age') from error\n"
    )
    (tmp_path / "outer_that_imports.py").write_text(
        "import importlib\nimportlib.import_module('inner_that_fails')\n"
    )
    with pytest.raises(StartupError) as caught:
        load_class("outer_that_imports")
    cause = caught.value.__cause__
    assert cause is not None
    assert any("importlib" in file for file in files_of(cause))
    shown = {Path(file).name for file in files_of(hide_frames(cause))}
    assert shown == {"inner_that_fails.py", "outer_that_imports.py"}


def test_members_of_a_group_are_shortened_too() -> None:
    def user() -> None:
        try:
            json.loads("{")
        except ValueError as error:
            raise ExceptionGroup("both", [error, ValueError("bare")]) from None

    with pytest.raises(ComponentFailed) as caught:
        call_user(user)
    group = caught.value.__cause__
    assert isinstance(group, ExceptionGroup)
    assert {Path(file).name for file in files_of(group)} >= {"test_tracebacks.py", "decoder.py"}
    assert not any("user_object" in file for file in files_of(group))


def test_a_fault_of_the_runtime_alone_keeps_its_traceback() -> None:
    with pytest.raises(StartupError) as caught:
        load_class("no such class")
    error = caught.value
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # not the frame of this test
    before = files_of(error)
    assert files_of(hide_frames(error)) == before != []


def test_the_place_is_the_users_line_though_a_library_raised() -> None:
    def user() -> None:
        json.loads("{")

    with pytest.raises(ValueError, match="property name") as caught:
        user()
    line = user.__code__.co_firstlineno + 1
    assert place_of(caught.value) == f"test_tracebacks.py, line {line}"
    assert place_of(ValueError("never raised")) == ""


@pytest.mark.parametrize(
    "source", ["class Broken:\n    def predict(self, X)\n", "if 1:\nx = 1\n", "x = '\x00'"]
)
def test_a_file_that_python_cannot_read_shows_its_line_without_the_import_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["", *sys.path])
    (tmp_path / "unreadable_file.py").write_text(source)
    with pytest.raises(StartupError) as caught:
        load_class("unreadable_file")
    cause = caught.value.__cause__
    assert cause is not None
    assert {Path(file).name for file in files_of(hide_frames(cause))} <= {"unreadable_file.py"}
