"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from seldon_runtime.testing import Process

ENV = {"SELDON_EXTENSIONS": "my-name"}


def test_valid_requests_are_described(seldon_run: Callable[..., Process], tmp_path: Path) -> None:
    tmp_path.joinpath("requests").write_text('{"strData": "x"}\n{"data": {"ndarray": [[1, 2]]}}\n')
    process = seldon_run("my-name", "requests", env=ENV, wait=False)
    assert process.wait() == 0
    assert process.log.splitlines() == ["1: strData", "2: ndarray of shape (1, 2)"]


def test_an_invalid_request_is_named_and_the_exit_status_says_so(
    seldon_run: Callable[..., Process], tmp_path: Path
) -> None:
    tmp_path.joinpath("requests").write_text('{"strData": "x"}\n{"strData": 1}\n')
    process = seldon_run("my-name", "requests", env=ENV, wait=False)
    assert process.wait() == 1
    assert "1: strData\n2: invalid: " in process.log


def test_a_missing_file_is_an_error(seldon_run: Callable[..., Process]) -> None:
    process = seldon_run("my-name", "missing", env=ENV, wait=False)
    assert process.wait() == 3
    assert "cannot read missing" in process.log
