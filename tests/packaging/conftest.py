"""Wheels of this tree, and a ``docker`` that executes Dockerfiles for real, shared by all tests here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = (
    "core",
    "plugins/rest",
    "plugins/grpc",
    "plugins/persistence_redis",
    "plugins/metrics",
    "plugins/tools",
    "compat",
)
"""Folders of all distributions of this tree."""
_BUILD_ALL = "import sys, build; [build.ProjectBuilder(f).build('wheel', sys.argv[1]) for f in sys.argv[2:]]"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of every distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    folders = [str(ROOT / distribution) for distribution in DISTRIBUTIONS]
    subprocess.run([sys.executable, "-c", _BUILD_ALL, str(folder), *folders], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def docker_environment(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Variables: a ``docker`` on PATH executes Dockerfiles, and pip finds the wheels of this tree."""
    programs = tmp_path_factory.mktemp("programs")
    program = programs / "docker"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("stand_in_docker.py")} "$@"\n'
    )
    program.chmod(0o755)
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "STAND_IN_DOCKER": str(tmp_path_factory.mktemp("docker")),
        "PIP_FIND_LINKS": str(wheels),
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
