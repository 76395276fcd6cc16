"""Every command of the packaging page, run in its order, and what the page says comes back."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime_tools.settings_file import read

WAIT_S = 60
PAGE = (Path(__file__).parents[2] / "docs" / "packaging.md").read_text()
KUBECTL = """#!{python}
# Stands in for kubectl: says which objects it would make, if their schemas allow them.
import sys, kubernetes_validate, yaml

assert sys.argv[1:] == ["apply", "-f", "-"]
for thing in yaml.safe_load_all(sys.stdin):
    if "." not in thing["apiVersion"].partition("/")[0]:  # the others have tests of their own
        kubernetes_validate.validate(thing, kubernetes_validate.latest_version(), strict=True)
    print(thing["kind"], thing["metadata"]["name"], "created")
"""


def blocks() -> Iterator[tuple[str, str]]:
    """Language and text of each block of code."""
    yield from re.findall(r"```(\w+)\n(.*?)```", PAGE, re.S)


class Terminal:
    """Runs the page: keeps the folder that ``cd`` chose, and the server that was started last."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], port: int, serve: Callable[..., Any]
    ) -> None:
        self.folder = folder
        self.environment = {**environment, "PREDICTIVE_UNIT_SERVICE_PORT": str(port)}
        self.port = port
        self.serve = serve
        self.server: Any = None
        self.said = ""

    def run(self, command: str) -> None:
        words = shlex.split(command)
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve()
        elif words[0] == "seldon-run" or words[:2] == ["docker", "run"]:
            self.stop()
            given = [word.replace("5000:5000", f"{self.port}:{self.port}") for word in words]
            program = shutil.which(words[0], path=self.environment["PATH"])
            self.server = self.serve(
                *given[1:], program=Path(str(program)), folder=self.folder, env=self.environment, wait=False
            )
            self.wait_until_ready()
        else:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command.replace("localhost:5000", f"127.0.0.1:{self.port}")],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            self.said = done.stdout

    def wait_until_ready(self) -> None:
        """By asking: what is logged depends on the settings."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=WAIT_S):
                    return
            except OSError:
                if self.server.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        if self.server is not None:
            assert self.server.stop() == 0
            self.server = None


@pytest.fixture
def terminal(
    tmp_path: Path,
    components: Mapping[str, Path],
    image: Callable[[str], Any],
    docker_environment: Mapping[str, str],
    seldon_run: Callable[..., Any],
    free_port: int,
) -> Iterator[Terminal]:
    """An environment in which pip finds what an image has, so that only the rest is installed anew."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    venv.create(tmp_path / "environment", with_pip=False)
    programs = tmp_path / "environment" / "bin"
    (site,) = programs.parent.glob("lib/python*/site-packages")
    programs_of_image = Path(image("model")["variables"]["PATH"].partition(":")[0])
    (image_site,) = programs_of_image.parent.glob("lib/python*/site-packages")
    site.joinpath("image.pth").write_text(f"{image_site}\n")
    for name, text in {
        "pip": f'#!/bin/sh\nexec {sys.executable} -m pip --python {programs}/python "$@"\n',
        "kubectl": KUBECTL.format(python=sys.executable),
        "seldon-run": f'#!/bin/sh\nexec {programs}/python -m seldon_runtime "$@"\n',
    }.items():
        programs.joinpath(name).write_text(text)
        programs.joinpath(name).chmod(0o755)
    folder = tmp_path / "work"
    folder.mkdir()
    path = f"{programs}{os.pathsep}{docker_environment['PATH']}"
    terminal = Terminal(folder, {**docker_environment, "PATH": path}, free_port, seldon_run)
    yield terminal
    terminal.stop()


def test_every_command_of_the_page_works_and_answers_are_those_it_shows(terminal: Terminal) -> None:
    ran = 0
    for language, text in blocks():
        if match := re.match(r"# ([\w.]+)\n", text):
            terminal.folder.joinpath(match[1]).write_text(text)
        if language == "sh":
            for command in text.splitlines():
                terminal.run(command)
                ran += 1
        elif language == "json":
            assert json.loads(terminal.said) == json.loads(text)
    assert ran > 20
    assert terminal.said == "InferenceService fraud-model created\n"


def test_the_dockerfile_of_the_page_is_the_one_that_is_written(
    seldon_component: Callable[..., str], tmp_path: Path
) -> None:
    seldon_component("new", "FraudModel", "--folder", str(tmp_path))
    (shown,) = [text for language, text in blocks() if language == "dockerfile"]
    assert shown == (tmp_path / "Dockerfile").read_text()
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert f"`{file.relative_to(tmp_path)}`" in PAGE


def test_the_variables_of_the_dockerfile_and_the_settings_file_are_explained(
    seldon_component: Callable[..., str], tmp_path: Path
) -> None:
    seldon_component("new", "FraudModel", "--folder", str(tmp_path))
    for variable in read(tmp_path):
        assert f"| `{variable}` |" in PAGE


def test_the_class_of_the_page_is_served_from_an_image(
    components: Mapping[str, Path], docker: Callable[..., Any], container: Callable[..., Any], tmp_path: Path
) -> None:
    """With nothing installed but the wheels and what they name."""
    (source,) = [
        text for language, text in blocks() if language == "python" and text.startswith("# MyModel.py")
    ]
    folder = shutil.copytree(components["MODEL"], tmp_path / "plain")
    (folder / "MyModel.py").write_text(source)
    built = docker("build", str(folder), "-t", "plain")
    assert built.returncode == 0, built.stderr
    answer = container("plain", "-e", "PREDICTIVE_UNIT_SERVICE_PORT=0").post("/predict", {"strData": "hello"})
    assert answer.json == {"strData": "hello", "meta": {}}
