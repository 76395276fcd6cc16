"""The examples, served and asked as their own texts say."""

from __future__ import annotations

import json
import math
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S
from tests.support.http_client import HttpClient
from tests.support.paths import EXAMPLES

ELSEWHERE = {
    *("bandit_router", "chat", "iris", "keras_model", "mean_classifier", "tfserving_proxy", "third_party")
}
"""Those that need a store, a training, an image or another server have tests of their own."""
JSON = "application/json"
CLEAN = {"PYTHONDONTWRITEBYTECODE": "1"}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
TOLD = sorted({path.parent.name for path in EXAMPLES.glob("*/*.py")} - ELSEWHERE)
TRIED = [
    *("arrow_bodies", "checked_offer", "churn_table", "jpeg_classifier", "lightgbm_model", "onnx_model"),
    *("plain_function", "text_classifier", "torch_module", "xgboost_model"),
]
"""The examples of values, whose page sends requests that work."""
_MODULES = {"pillow": "PIL", "scikit-learn": "sklearn", "seldon-runtime": "seldon_runtime"}


def need(example: str) -> None:
    """Skip the test of an example whose libraries are not installed."""
    file = EXAMPLES / example / "requirements.txt"
    names = re.findall(r"^[\w-]+", file.read_text(), re.M) if file.exists() else []
    for name in names:
        if find_spec(_MODULES.get(name, name)) is None:
            pytest.skip(f"{name} is not installed: tox run -e frameworks")


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
    need(example)
    words, questions = console(example)
    server = seldon_run(*words, folder=EXAMPLES / example, env=CLEAN)
    for question, answer in questions:
        assert ask(question, EXAMPLES / example, server.port) == answer
    if example in TRIED:
        assert_the_page_sends_requests_that_work(server.port)


def assert_the_page_sends_requests_that_work(port: int) -> None:
    """What the page of the documentation sends without a change is answered."""
    with HttpClient(port) as client:
        content = client.get("/seldon.json").json["paths"]["/predict"]["post"]["requestBody"]["content"]
        tried = [(JSON, json.dumps(each["value"])) for each in content[JSON]["examples"].values()]
        tried += [(kind, each["example"]) for kind, each in content.items() if "example" in each]
        assert tried
        for kind, body in tried:
            answer = client.request("POST", "/predict", body.encode(), {"Content-Type": kind})
            assert answer.status == 200, (kind, body, answer.body)


def test_the_page_of_checked_offers_has_both_schemas(seldon_run: Callable[..., Any]) -> None:
    need("checked_offer")
    server = seldon_run("Offers", "REST", folder=EXAMPLES / "checked_offer", env=CLEAN)
    with HttpClient(server.port) as client:
        predict = client.get("/seldon.json").json["paths"]["/predict"]["post"]
    contents = [predict["requestBody"]["content"], predict["responses"]["200"]["content"]]
    fields = [
        list(content[JSON]["schema"]["allOf"][1]["properties"]["jsonData"]["anyOf"][0]["properties"])
        for content in contents
    ]
    assert fields == [["age", "plan"], ["discount", "reason"]]


def test_a_table_of_arrow_is_sent_and_received(seldon_run: Callable[..., Any]) -> None:
    need("arrow_bodies")
    folder = EXAMPLES / "arrow_bodies"
    server = seldon_run("Totals", "REST", folder=folder, env=CLEAN)
    done = subprocess.run(
        [sys.executable, "ask.py", f"http://127.0.0.1:{server.port}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "{'pieces': [3, 2], 'price': [2.5, 10.0], 'total': [7.5, 20.0]}\n", done.stderr


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


TOX = """#!/bin/sh
trap 'echo INTERRUPTED' INT
{python} demo.py 2>standard-error
echo "status $?"
"""


def test_ctrl_c_ends_the_demo_with_0_and_does_not_reach_the_program_that_runs_it(
    tmp_path: Path, free_port: int
) -> None:
    copy = shutil.copytree(EXAMPLES / "iris", tmp_path / "iris", ignore=shutil.ignore_patterns("*.joblib"))
    demo = copy / "demo.py"
    demo.write_text(demo.read_text().replace("PORT = 5000", f"PORT = {free_port}"))
    (copy / "IrisClassifier.py").write_text("class IrisClassifier:\n    def predict(self, X, n): return X\n")
    (copy / "iris.joblib").touch()
    (copy / "tox.sh").write_text(TOX.format(python=shlex.quote(sys.executable)))
    in_terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", "sh", "tox.sh"]
    environment = {**os.environ, "METRICS": "0"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(in_terminal, cwd=copy, env=environment, **pipes) as shell:
        told = ended_by_ctrl_c(shell, free_port)
    assert re.search(r"^status 0\r?$", told, re.M), told
    assert " ready: " in told.partition("In another terminal:")[0]
    assert "INTERRUPTED" not in told
    assert (copy / "standard-error").read_text() == ""


def ended_by_ctrl_c(shell: subprocess.Popen[bytes], port: int) -> str:
    """What the terminal of the demo shows until Ctrl-C has ended it."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    told = read_until(shell.stdout.fileno(), "In another terminal:")
    with HttpClient(port) as client:  # the line comes when the port listens
        assert client.get("/health/ready").status == 200
    shell.stdin.write(b"\x03")
    shell.stdin.flush()
    return told + read_until(shell.stdout.fileno(), "status ") + read_until(shell.stdout.fileno(), "\n")


def read_until(terminal: int, words: str) -> str:
    """What a terminal shows, up to and including the words."""
    text = b""
    while words.encode() not in text:
        assert select.select([terminal], [], [], WAIT_S)[0], text
        text += os.read(terminal, 1)
    return text.decode()


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
