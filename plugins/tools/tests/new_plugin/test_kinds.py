"""Each kind of plugin that ``seldon-component new-plugin`` writes passes its own tests unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seldon_runtime_tools import cli
from seldon_runtime_tools.new_plugin.kinds import KINDS, Kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plugin of each kind, and in ``site`` all of them installed.

    They are built as their READMEs say, but installed into this folder, and without the index.
    """
    folder = tmp_path_factory.mktemp("plugins")
    for kind in KINDS:
        words = ["new-plugin", kind.name, f"my-{kind.name}", "--folder", str(folder / kind.name)]
        done = CliRunner().invoke(cli.main, words)
        assert done.exit_code == 0, done.output
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-compile", "--target", "site"]
    finish(folder, {}, "-m", "pip", "install", *options, *(f"./{kind.name}" for kind in KINDS))
    return folder


def finish(folder: Path, environment: dict[str, str], *words: str) -> str:
    """Run Python in a folder; assert status 0 and return its output."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


USUAL = {"batcher", "grpc-services", "store", "transport"}
"""The kinds of every run; the others take a minute, and `tox run -e contracts` tests them."""
KIND = [
    pytest.param(
        kind,
        marks=pytest.mark.skipif(
            kind.name not in USUAL and "SELDON_TEST_SLOW" not in os.environ,
            reason="slow: run by tox's contracts",
        ),
        id=kind.name,
    )
    for kind in KINDS
]


@pytest.mark.parametrize("kind", KIND)
def test_a_plugin_passes_its_tests(kind: Kind, folder: Path) -> None:
    environment = {"PYTHONPATH": str(folder / "site"), "PYTEST_ADDOPTS": ""}
    out = finish(folder / kind.name, environment, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert " passed" in out
    assert "failed" not in out
