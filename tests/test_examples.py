"""The examples, served and asked as their own texts say."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
ELSEWHERE = {"bandit_router", "iris", "keras_model", "mean_classifier", "tfserving_proxy", "third_party"}
"""Those that need a store, a training, an image or another server have tests of their own."""
CLEAN = {"PYTHONDONTWRITEBYTECODE": "1"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
TOLD = sorted({path.parent.name for path in EXAMPLES.glob("*/*.py")} - ELSEWHERE)


needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="TensorFlow is only in the environment of tox's keras"
)


def console(example: str) -> tuple[list[str], list[tuple[str, Any]]]:
    """What a README tells to run: the words of the server, and each question with its answer."""
    text = (EXAMPLES / example / "README.md").read_text()
    lines = re.findall(r"```console\n(.*?)```", text, re.S)[0].splitlines()
    (serve,) = [line for line in lines if line.startswith("$ seldon-run ")]
    assert serve.endswith(" &")
    pairs = zip(lines, [*lines[1:], "null"], strict=True)
    questions = [(line[2:], parsed(answer)) for line, answer in pairs if line.startswith("$ curl ")]
    assert questions
    return shlex.split(serve[2:-2])[1:], questions


def parsed(text: str | bytes) -> Any:
    """JSON; the last digits of a number depend on the machine, and the duration of a metric on the moment."""

    def without_duration(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "value": "some time"} if value.get("type") == "TIMER" else value

    return json.loads(text, parse_float=lambda number: round(float(number), 9), object_hook=without_duration)


def ask(question: str, folder: Path, port: int) -> Any:
    """What curl gets, from the server at this port."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert "localhost:5000" in question
    words = shlex.split(question.replace("localhost:5000", f"127.0.0.1:{port}"))
    return parsed(subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("example", TOLD)
def test_an_example_answers_what_its_readme_says(example: str, seldon_run: Callable[..., Any]) -> None:
    words, questions = console(example)
    server = seldon_run(*words, folder=EXAMPLES / example, env=CLEAN)
    for question, answer in questions:
        assert ask(question, EXAMPLES / example, server.port) == answer


@pytest.mark.parametrize("example", sorted({*TOLD, *ELSEWHERE} - {"third_party"}))
def test_the_readme_of_an_example_is_short(example: str) -> None:
    assert len((EXAMPLES / example / "README.md").read_text().splitlines()) <= 13


def test_bytes_that_are_no_image_are_refused(seldon_run: Callable[..., Any]) -> None:
    server = seldon_run(
        "MeanColour", "REST", folder=EXAMPLES / "image_bytes", env={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    for payload in ({"binData": "aGVsbG8="}, {"strData": "hello"}):
        refused = server.post("/predict", payload)
        assert refused.status == 400
        assert "picture" in refused.info


@pytest.mark.timeout(600)
@pytest.mark.skipif(
    find_spec("sklearn") is None, reason="scikit-learn is only in the environment of tox's demo"
)
def test_the_demo_trains_serves_and_prints_a_line_that_works(
    seldon_run: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    copy = shutil.copytree(EXAMPLES / "iris", tmp_path / "iris", ignore=shutil.ignore_patterns("*.joblib"))
    demo = copy / "demo.py"
    demo.write_text(demo.read_text().replace("PORT = 5000", f"PORT = {free_port}"))
    server = seldon_run("demo.py", folder=copy, program=Path(sys.executable), wait=False)
    server.wait_for_log("ready: ", timeout_s=300)
    assert server.port == free_port
    assert (copy / "iris.joblib").exists()
    line = server.wait_for_log("^curl .*$").group()
    assert str(free_port) in line
    if shutil.which("curl"):
        answer = json.loads(subprocess.run(line, shell=True, capture_output=True, check=True).stdout)
        assert answer["data"]["names"] == ["setosa", "versicolor", "virginica"]
        (probabilities,) = answer["data"]["ndarray"]
        assert max(probabilities) == probabilities[0]
        assert math.isclose(sum(probabilities), 1)


@needs_tensorflow
@pytest.mark.timeout(600)
def test_a_keras_model_is_loaded_and_asked_in_one_thread(
    seldon_run: Callable[..., Any], tmp_path: Path
) -> None:
    copy = shutil.copytree(EXAMPLES / "keras_model", tmp_path / "keras")
    subprocess.run([sys.executable, "train.py"], cwd=copy, env={**os.environ, **QUIET}, check=True)
    words, questions = console("keras_model")
    server = seldon_run(*words, folder=copy, env=QUIET, wait=False)
    server.wait_for_log("ready: ", timeout_s=300)
    answer = ask(questions[0][0], copy, server.port)
    assert answer["data"]["ndarray"][0][0] > 0.9
    assert answer["meta"]["tags"] == {"one_thread": True}


@needs_tensorflow
@pytest.mark.timeout(600)
def test_a_class_that_is_bound_to_the_thread_of_its_graph_works(seldon_run: Callable[..., Any]) -> None:
    """As old Keras models are: the default graph is that of a thread."""
    server = seldon_run(
        *("Bound", "REST"),
        env=QUIET,
        wait=False,
        source="""
            import tensorflow.compat.v1 as tf


            class Bound:
                def __init__(self):
                    self.graph = tf.Graph()
                    self.context = self.graph.as_default()
                    self.context.__enter__()
                    self.x = tf.placeholder(tf.float32, [None, 2])
                    self.session = tf.Session()

                def predict(self, X, features_names):
                    assert tf.get_default_graph() is self.graph
                    return self.session.run(tf.reduce_sum(self.x, axis=1, keepdims=True), {self.x: X})
        """,
    )
    server.wait_for_log("ready: ", timeout_s=300)
    assert server.post("/predict", {"data": {"ndarray": [[1, 2]]}}).json["data"]["ndarray"] == [[3.0]]
