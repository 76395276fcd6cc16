"""Every command of the pages about packaging and deployment, run in their order."""

from __future__ import annotations

import os
import shutil
import sys
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime_tools.settings_file import read
from tests.support.pages import Page
from tests.support.terminal import Terminal

PAGE = Page("how-to/package.md")
DEPLOYMENT = Page("how-to/deploy.md")
KUBECTL = """#!{python}
# Stands in for kubectl: says which objects it would make, if their schemas allow them.
import sys, kubernetes_validate, yaml

assert sys.argv[1:] == ["apply", "-f", "-"]
for thing in yaml.safe_load_all(sys.stdin):
    if "." not in thing["apiVersion"].partition("/")[0]:  # the others have tests of their own
        kubernetes_validate.validate(thing, kubernetes_validate.latest_version(), strict=True)
    print(thing["kind"], thing["metadata"]["name"], "created")
"""


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
    terminal = Terminal(folder, {**docker_environment, "PATH": path}, {5000: free_port}, seldon_run)
    yield terminal
    terminal.stop()


def test_every_command_of_the_pages_works_and_answers_are_those_they_show(terminal: Terminal) -> None:
    terminal.follow(PAGE.blocks())
    assert terminal.ran > 15
    terminal.follow(DEPLOYMENT.blocks())


def test_the_dockerfile_of_the_page_is_the_one_that_is_written(
    seldon_component: Callable[..., str], tmp_path: Path
) -> None:
    seldon_component("new", "FraudModel", "--folder", str(tmp_path))
    (shown,) = [block.text for block in PAGE.blocks() if block.language == "dockerfile"]
    assert shown == (tmp_path / "Dockerfile").read_text()
    for file in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert f"`{file.relative_to(tmp_path)}`" in PAGE.text


def test_the_variables_of_the_dockerfile_and_the_settings_file_are_explained(
    seldon_component: Callable[..., str], tmp_path: Path
) -> None:
    seldon_component("new", "FraudModel", "--folder", str(tmp_path))
    for variable in read(tmp_path):
        assert f"| `{variable}` |" in PAGE.text


def test_the_class_of_the_page_is_served_from_an_image(
    components: Mapping[str, Path], docker: Callable[..., Any], container: Callable[..., Any], tmp_path: Path
) -> None:
    """With nothing installed but the wheels and what they name."""
    folder = shutil.copytree(components["MODEL"], tmp_path / "plain")
    (folder / "MyModel.py").write_text(PAGE.files["MyModel.py"])
    built = docker("build", str(folder), "-t", "plain")
    assert built.returncode == 0, built.stderr
    answer = container("plain", "-e", "PREDICTIVE_UNIT_SERVICE_PORT=0").post("/predict", {"strData": "hello"})
    assert answer.json == {"strData": "hello", "meta": {}}
