"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_client import post

from seldon_runtime.testing import Process


def test_a_model_without_a_class_is_served(seldon_run: Callable[..., Process], tmp_path: Path) -> None:
    tmp_path.joinpath("prices.my-name").write_text('{"weights": [2, 1], "bias": 0.5}')
    process = seldon_run("prices.my-name", "REST")
    request = {"data": {"ndarray": [[1, 2], [0, 0]]}, "meta": {"puid": "p"}}
    status, answer = post(process, "/predict", request)
    assert (status, answer["data"]) == (200, {"names": ["score"], "ndarray": [4.5, 0.5]})
    assert answer["meta"]["puid"] == "p"
    for wrong in ({"data": {"ndarray": [[1]]}}, {"data": {"ndarray": [["x", "y"]]}}, {"strData": "x"}):
        assert post(process, "/predict", wrong)[0] == 400
    assert post(process, "/transform-input", request)[0] == 501


@pytest.mark.parametrize("text", ["{", "[]", '{"weights": ["x"], "bias": 1}'])
def test_a_file_that_is_not_a_model_stops_the_start(
    seldon_run: Callable[..., Process], tmp_path: Path, text: str
) -> None:
    tmp_path.joinpath("prices.my-name").write_text(text)
    process = seldon_run("prices.my-name", "REST", wait=False)
    assert process.wait() == 3
    assert "prices.my-name is not a model of my-name" in process.log
