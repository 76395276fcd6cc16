"""The installed plugin in a real process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from rest_client import post

from seldon_runtime.testing import Process

UPPER = """
    class Upper:
        def predict(self, X, features_names):
            return X.upper()
"""


def test_each_call_is_a_line_of_the_file(seldon_run: Callable[..., Process], tmp_path: Path) -> None:
    file = tmp_path / "calls"
    env = {"SELDON_EXTENSIONS": "my-name", "SELDON_MY_NAME_FILE": str(file)}
    process = seldon_run("Upper", "REST", source=UPPER, env=env)
    assert post(process, "/predict", {"strData": "x"}, {"X-Request-Id": "r-1"})[0] == 200
    assert post(process, "/predict", {"jsonData": 1}, {"X-Request-Id": "r-2"})[0] == 500
    assert process.stop() == 0
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(r["request_id"], r["method"], r["transport"], r["status"], r["reason"]) for r in records] == [
        ("r-1", "predict", "rest", 200, None),
        ("r-2", "predict", "rest", 500, "MICROSERVICE_INTERNAL_ERROR"),
    ]


def test_a_file_that_cannot_be_written_stops_the_start(seldon_run: Callable[..., Process]) -> None:
    env = {"SELDON_EXTENSIONS": "my-name", "SELDON_MY_NAME_FILE": "missing/calls"}
    process = seldon_run("Upper", "REST", source=UPPER, env=env, wait=False)
    assert process.wait() == 3
    assert "cannot write missing/calls" in process.log
