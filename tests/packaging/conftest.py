"""Wheels of this tree, and a ``docker`` that executes Dockerfiles for real, shared by all tests here."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seldon_runtime.inference.identity import ServiceType
from seldon_runtime_tools.cli import main
from tests.support.paths import ROOT

Once = Callable[[str, Callable[[Path], object]], Path]
_BUILD_ALL = (sys.executable, str(ROOT / "packaging" / "wheelhouse.py"))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whichever test is the first has to wait for the images."""
    item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """``once(name, make)``: a folder that ``make`` fills in one process of this run, for all of them."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                made = shared / f"{name}.made"
                made.mkdir(exist_ok=True)
                make(made)
                made.rename(folder)
        return folder

    return once


@pytest.fixture(scope="session")
def wheels(once: Once) -> Path:
    """A folder with the wheel of every distribution of this tree, and with nothing else."""

    def build(folder: Path) -> None:
        environment = {**os.environ, "PIP_NO_BUILD_ISOLATION": "0"}  # 0 means: without isolation
        subprocess.run([*_BUILD_ALL, str(folder)], check=True, capture_output=True, env=environment)

    return once("wheels", build)


@pytest.fixture(scope="session")
def wheelhouse(wheels: Path, once: Once) -> Path:
    """Those wheels and all that they need, so that the index is asked once."""
    wanted = ["seldon-runtime[all]", "seldon-runtime-tools", "seldon-runtime-compat", "pytest"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--find-links", str(wheels)]
    return once(
        "wheelhouse",
        lambda folder: subprocess.run([*command, "--dest", str(folder), *wanted], check=True),
    )


@pytest.fixture(scope="session")
def docker_environment(
    wheelhouse: Path, once: Once, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """Variables: a ``docker`` on PATH executes Dockerfiles, and pip finds the wheels of this tree."""
    programs = tmp_path_factory.mktemp("programs")
    program = programs / "docker"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("stand_in_docker.py")} "$@"\n'
    )
    program.chmod(0o755)
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "STAND_IN_DOCKER": str(once("docker", lambda folder: None)),
        "PIP_FIND_LINKS": str(wheelhouse),
        "PIP_NO_INDEX": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@pytest.fixture(scope="session")
def docker(docker_environment: Mapping[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs ``docker`` with these arguments until it ends; gives what it wrote."""

    def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **docker_environment}
        program = Path(docker_environment["PATH"].partition(os.pathsep)[0], "docker")
        return subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)

    return docker


@pytest.fixture(scope="session")
def seldon_component() -> Callable[..., str]:
    """Runs ``seldon-component`` with these arguments; gives what it says."""

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture(scope="session")
def components(
    tmp_path_factory: pytest.TempPathFactory, docker: Callable[..., Any], seldon_component: Callable[..., str]
) -> dict[str, Path]:
    """A new component of each service type: its folder; its image is named like the type, in lower case."""
    parent = tmp_path_factory.mktemp("components")
    folders = {kind.value: parent / f"My{kind.value.title().replace('_', '')}" for kind in ServiceType}
    for kind, folder in folders.items():
        seldon_component("new", folder.name, "--service-type", kind, "--folder", str(folder))
        built = docker("build", str(folder), "-t", kind.lower())
        assert built.returncode == 0, built.stdout + built.stderr
    return folders


@pytest.fixture
def container(seldon_run: Callable[..., Any], docker_environment: Mapping[str, str]) -> Callable[..., Any]:
    """A running container of an image."""

    def container(image: str, *options: str, **given: Any) -> Any:
        program = Path(docker_environment["PATH"].partition(os.pathsep)[0], "docker")
        return seldon_run("run", *options, image, program=program, env=docker_environment, **given)

    return container


@pytest.fixture(scope="session")
def image(docker_environment: Mapping[str, str]) -> Callable[[str], Any]:
    """What an image is made of: ``app`` is its folder, ``variables`` hold the PATH to its programs."""

    def image(name: str) -> Any:
        return json.loads(Path(docker_environment["STAND_IN_DOCKER"], "images", f"{name}.json").read_text())

    return image
