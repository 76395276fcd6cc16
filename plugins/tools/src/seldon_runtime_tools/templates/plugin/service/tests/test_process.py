"""The installed plugin in a real process."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from rest_client import post

from seldon_runtime.testing import Process

MODEL = """
    class NAME:
        rewards = ()

        def predict(self, X, features_names):
            return X * FACTOR if X[0][0] >= 0 else "negative"

        def send_feedback(self, features, features_names, reward, truth, routing=None):
            self.rewards = (*self.rewards, reward)

        def metrics(self):
            return [{"type": "GAUGE", "key": "NAME", "value": sum(self.rewards)}]
"""


@pytest.fixture
def process(seldon_run: Callable[..., Process], tmp_path: Path) -> Process:
    """A ``seldon-run`` of two models."""
    for name, factor in (("Doubles", "2"), ("Triples", "3")):
        source = textwrap.dedent(MODEL).replace("NAME", name).replace("FACTOR", factor)
        tmp_path.joinpath(f"{name}.py").write_text(source)
    tmp_path.joinpath("both.my-name").write_text("Doubles\nTriples\n")
    return seldon_run("both.my-name", "REST")


def test_the_answer_is_the_mean_and_feedback_reaches_every_model(process: Process) -> None:
    assert post(process, "/send-feedback", {"reward": 0.5})[0] == 200
    status, answer = post(process, "/predict", {"data": {"ndarray": [[2, 4]]}, "meta": {"puid": "p"}})
    assert (status, answer["data"]["ndarray"], answer["meta"]["puid"]) == (200, [[5, 10]], "p")
    assert {metric["key"]: metric["value"] for metric in answer["meta"]["metrics"]} == {
        "Doubles": 0.5,
        "Triples": 0.5,
    }


def test_answers_without_a_mean_are_an_error_and_other_methods_are_refused(process: Process) -> None:
    status, answer = post(process, "/predict", {"data": {"ndarray": [[-1, 1]]}})
    assert (status, answer["status"]["reason"]) == (500, "MICROSERVICE_INTERNAL_ERROR")
    assert "have no mean" in answer["status"]["info"]
    assert post(process, "/route", {"data": {"ndarray": [[1, 1]]}})[0] == 501


@pytest.mark.parametrize(("text", "reason"), [("", "is empty"), ("A\nA\n", "names a class twice")])
def test_a_wrong_file_stops_the_start(
    seldon_run: Callable[..., Process], tmp_path: Path, text: str, reason: str
) -> None:
    tmp_path.joinpath("both.my-name").write_text(text)
    process = seldon_run("both.my-name", "REST", wait=False)
    assert process.wait() == 3
    assert f"both.my-name {reason}" in process.log
