"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rest_client import post

from seldon_runtime.testing import Process

COUNTER = """
    class Counter:
        def __init__(self):
            self.calls = 0

        def predict(self, X, features_names):
            self.calls += 1
            return [self.calls]
"""


def test_a_component_keeps_its_state_from_one_process_to_the_next(
    seldon_run: Callable[..., Process], tmp_path: Path
) -> None:
    env = {"PERSISTENCE": "my-name", "SELDON_MY_NAME_FOLDER": str(tmp_path / "states")}
    for expected in (1, 2):
        process = seldon_run("Counter", "REST", source=COUNTER, env=env)
        status, answer = post(process, "/predict", {"data": {"ndarray": [1]}})
        assert (status, answer["data"]["ndarray"]) == (200, [expected])
        assert process.stop() == 0


def test_a_folder_that_cannot_be_written_stops_the_start(
    seldon_run: Callable[..., Process], tmp_path: Path
) -> None:
    tmp_path.joinpath("states").touch()
    env = {"PERSISTENCE": "my-name", "SELDON_MY_NAME_FOLDER": str(tmp_path / "states" / "below")}
    process = seldon_run("Counter", "REST", source=COUNTER, env=env, wait=False)
    assert process.wait() == 3
    assert f"my-name:{tmp_path / 'states' / 'below'}" in process.log
