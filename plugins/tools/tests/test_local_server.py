"""The server of ``seldon-component test``: its address, its log, and a start that fails or takes too long."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import click
import pytest

from seldon_runtime_tools.local_server import local_server

SOURCE = """
import logging
import time


class Model:
    def load(self):
        logging.getLogger("mine").info("an info")
        logging.getLogger("mine").warning("a warning")
        time.sleep(DELAY)

    def predict(self, X, features_names):
        return X
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.joinpath("Model.py").write_text(SOURCE.replace("DELAY", "0"))
    return tmp_path


@pytest.mark.parametrize(("level", "shown"), [("INFO", True), ("debug", True), ("WARNING", False)])
def test_it_answers_at_its_address_and_shows_the_log_at_the_level_of_the_settings(
    folder: Path, capfd: pytest.CaptureFixture[str], level: str, shown: bool
) -> None:
    settings = {"MODEL_NAME": "Model", "SELDON_LOG_LEVEL": level, "SELDON_LOG_FORMAT": "json"}
    with local_server(folder, settings, 60) as url:
        body = b'{"data": {"ndarray": [1]}}'
        request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["data"]["ndarray"] == [1]
    log = capfd.readouterr().err
    assert "a warning" in log
    assert ("an info" in log) is shown
    assert ("ready: rest at" in log) is shown


def test_a_start_that_takes_too_long_is_an_error_and_leaves_no_process(folder: Path) -> None:
    folder.joinpath("Model.py").write_text(SOURCE.replace("DELAY", "600"))
    with (
        pytest.raises(click.ClickException, match=r"not ready after 0\.5 s; see --start-timeout"),
        local_server(folder, {"MODEL_NAME": "Model"}, 0.5),
    ):
        pytest.fail("it must not become ready")
