"""The examples, served as their own texts say."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.skipif(
    find_spec("sklearn") is None, reason="scikit-learn is only in the environment of tox's demo"
)
def test_the_demo_trains_serves_and_prints_a_line_that_works(
    seldon_run: Callable[..., Any], tmp_path: Path, free_port: int
) -> None:
    copy = shutil.copytree(EXAMPLES / "iris", tmp_path / "iris", ignore=shutil.ignore_patterns("*.joblib"))
    demo = copy / "demo.py"
    demo.write_text(demo.read_text().replace("PORT = 5000", f"PORT = {free_port}"))
    server = seldon_run("demo.py", folder=copy, program=Path(sys.executable))
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


def test_the_mean_classifier_is_served_by_the_line_of_its_dockerfile(seldon_run: Callable[..., Any]) -> None:
    recipe = (EXAMPLES / "mean_classifier" / "Dockerfile").read_text()
    command = re.search(r"^CMD (.*)$", recipe, re.M)
    variables = re.search(r"^ENV ((?:.*\\\n)*.*)$", recipe, re.M)
    assert command
    assert variables
    settings = dict(word.split("=", 1) for word in variables[1].replace("\\\n", " ").split())
    parameters = '[{"name": "threshold", "value": "1.5", "type": "FLOAT"}]'
    server = seldon_run(
        "-c",
        command[1],
        program=Path("/bin/sh"),
        folder=EXAMPLES / "mean_classifier",
        env={
            **settings,
            "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"],
            "PREDICTIVE_UNIT_PARAMETERS": parameters,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    answer = server.post("/predict", {"data": {"ndarray": [[1, 2], [3, 4]]}})
    assert answer.json["data"]["names"] == ["above"]
    assert answer.json["data"]["ndarray"][0] == [0.5]
    assert answer.json["data"]["ndarray"][1][0] == pytest.approx(1 / (1 + math.exp(-2)))
