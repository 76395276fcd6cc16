"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_client import post

from seldon_runtime.testing import Process


def test_a_file_is_served_and_its_object_keeps_its_state(
    seldon_run: Callable[..., Process], tmp_path: Path
) -> None:
    tmp_path.joinpath("words.my-name").write_text('{"a": "one", "b": "two"}')
    parameters = '[{"name": "default", "value": "none", "type": "STRING"}]'
    env = {"PERSISTENCE": "file", "PREDICTIVE_UNIT_PARAMETERS": parameters}
    for answered in (2, 4):
        process = seldon_run("words.my-name", "REST", env=env)
        status, answer = post(process, "/predict", {"data": {"ndarray": ["b", "c"]}})
        assert (status, answer["data"]["ndarray"]) == (200, ["two", "none"])
        assert answer["meta"]["tags"] == {"answered": answered}
        assert process.stop() == 0


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_file_that_cannot_be_loaded_stops_the_start(
    seldon_run: Callable[..., Process], tmp_path: Path, text: str
) -> None:
    tmp_path.joinpath("words.my-name").write_text(text)
    process = seldon_run("words.my-name", "REST", wait=False)
    assert process.wait() == 3
    assert "words.my-name" in process.log
