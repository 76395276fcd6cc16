"""The example with a Dockerfile: built, and asked as its README says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import EXAMPLES

EXAMPLE = EXAMPLES / "mean_classifier"
WRITTEN = ("Dockerfile", ".dockerignore", "requirements.txt")


def test_the_example_is_built_and_answers_what_its_readme_says(
    components: Mapping[str, Path], docker: Callable[..., Any], container: Callable[..., Any]
) -> None:
    lines = re.findall(r"```console\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.S)[0].splitlines()
    build, run, curl, answer = lines
    built = docker(*shlex.split(build)[2:-3], str(EXAMPLE), *shlex.split(build)[-2:])
    assert built.returncode == 0, built.stdout + built.stderr
    image = shlex.split(run)[-2]
    assert image == shlex.split(build)[-1]
    server = container(image, "-e", "PREDICTIVE_UNIT_SERVICE_PORT=0")
    assert "localhost:5000" in curl
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    words = shlex.split(curl[2:].replace("localhost:5000", f"127.0.0.1:{server.port}"))
    assert json.loads(subprocess.run(words, capture_output=True, check=True).stdout) == json.loads(answer)


def test_its_files_are_those_that_are_written_for_a_new_component(
    seldon_component: Callable[..., str], tmp_path: Path
) -> None:
    seldon_component("new", "MeanClassifier", "--folder", str(tmp_path))
    for name in WRITTEN:
        assert (EXAMPLE / name).read_text() == (tmp_path / name).read_text()
