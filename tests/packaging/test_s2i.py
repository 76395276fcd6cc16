"""The scripts of the source-to-image builder, run in a scratch root as the tool would run them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime_tools import settings_file
from tests.support.paths import ROOT

SCRIPTS = ROOT / "packaging" / "s2i" / "bin"
PIP = """#!/bin/sh
# Writes down what it is asked to install, and leaves a download where it is told to keep them.
echo "$@" >> "$PIP_LOG"
[ "$2" != --cache-dir ] || { mkdir -p "$3"; echo new >> "$3/wheel"; }
"""


class Root:
    """A scratch root: what the tool mounts and sets."""

    def __init__(self, folder: Path) -> None:
        self.app = folder / "app"
        self.sources = folder / "src"
        self.artifacts = folder / "artifacts"
        self.sources.mkdir(parents=True)
        self.sources.joinpath("requirements.txt").write_text("numpy\n")
        self.log = folder / "pip.log"
        programs = folder / "bin"
        programs.mkdir()
        programs.joinpath("pip").write_text(PIP)
        programs.joinpath("pip").chmod(0o755)
        self.environment = {
            "APP_ROOT": str(self.app),
            "S2I_SOURCES": str(self.sources),
            "S2I_ARTIFACTS": str(self.artifacts),
            "PIP_LOG": str(self.log),
            "PATH": f"{programs}:/usr/bin:/bin",
        }

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([SCRIPTS / script], env={**self.environment, **variables}, capture_output=True)

    @property
    def installed(self) -> str:
        return self.log.read_text().strip()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path / "root")


@pytest.mark.parametrize(
    ("variables", "plugins"),
    [
        ({}, "REST"),
        ({"API_TYPE": "REST,GRPC"}, "REST,GRPC"),
        ({"PERSISTENCE": "1"}, "REST,redis"),
        ({"PERSISTENCE": "redis", "METRICS": "prometheus"}, "REST,redis,metrics"),
        ({"PERSISTENCE": "file", "METRICS": "0"}, "REST"),
    ],
)
def test_only_the_plugins_that_are_asked_for_are_installed(
    root: Root, variables: dict[str, str], plugins: str
) -> None:
    assert root.run("assemble", MODEL_NAME="M", **variables).returncode == 0
    assert root.installed == f"install --no-cache-dir -r requirements.txt seldon-runtime[{plugins}]"


def test_a_component_needs_no_requirements_but_a_name(root: Root) -> None:
    done = root.run("assemble")
    assert done.returncode == 1
    assert b"MODEL_NAME is not set" in done.stderr
    root.sources.joinpath("requirements.txt").unlink()
    assert root.run("assemble", MODEL_NAME="M").returncode == 0
    assert root.installed == "install --no-cache-dir seldon-runtime[REST]"


def saved(root: Root) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(root.run("save-artifacts").stdout))


def test_downloads_are_saved_for_the_next_build_only_if_they_are_kept(root: Root, tmp_path: Path) -> None:
    assert root.run("assemble", MODEL_NAME="M").returncode == 0
    with saved(root) as nothing:
        assert nothing.getnames() == []
    keep = {"MODEL_NAME": "M", "SELDON_S2I_KEEP_DOWNLOADS": "1"}
    assert root.run("assemble", **keep).returncode == 0
    following = Root(tmp_path / "following")
    following.artifacts.mkdir()
    with saved(root) as downloads:
        downloads.extractall(following.artifacts, filter="data")
    assert following.run("assemble", **keep).returncode == 0
    assert following.app.joinpath("downloads", "wheel").read_text() == "new\nnew\n"


def test_usage_names_every_variable_that_the_scripts_read(root: Root) -> None:
    told = root.run("usage").stdout.decode()
    scripts = SCRIPTS.joinpath("assemble").read_text() + SCRIPTS.joinpath("run").read_text()
    read = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", scripts)) - root.environment.keys()
    assert "MODEL_NAME" in read
    assert {variable for variable in read if variable not in told} == set()


def test_a_new_component_is_assembled_and_run(
    root: Root,
    components: Mapping[str, Path],
    image: Callable[[str], Any],
    docker_environment: Mapping[str, str],
    seldon_run: Callable[..., Any],
) -> None:
    """In the environment of an image that has the requirements, so that pip finds them there."""
    folder = components["MODEL"]
    variables = {
        **os.environ,
        **settings_file.read(folder),
        **root.environment,
        "S2I_SOURCES": str(folder),
        "PATH": image("model")["variables"]["PATH"],
        "PIP_FIND_LINKS": docker_environment["PIP_FIND_LINKS"],
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run([SCRIPTS / "assemble"], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Requirement already satisfied: seldon-runtime" in done.stdout
    server = seldon_run(program=SCRIPTS / "run", env=variables)
    answer = server.post("/predict", {"data": {"ndarray": [[0.0, 0.0]]}})
    assert answer.json["data"] == {"names": ["score"], "ndarray": [[0.5]]}


def test_the_builder_image_has_the_scripts_where_its_label_says() -> None:
    recipe = SCRIPTS.parent.joinpath("Dockerfile").read_text()
    place = json.loads(recipe.partition("io.openshift.s2i.scripts-url=")[2].split()[0])
    assert f"COPY bin/ {place.removeprefix('image://')}/" in recipe
    assert {script.name for script in SCRIPTS.iterdir()} == {"assemble", "run", "save-artifacts", "usage"}
    assert all(os.access(script, os.X_OK) for script in SCRIPTS.iterdir())
