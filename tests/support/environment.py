"""Environments into which distributions of this tree are installed as wheels."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from tests.support.paths import ROOT


class FreshEnvironment:
    """A new virtual environment.

    Args:
        folder: where it is made, and wheels are built.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.programs = folder / "env" / "bin"
        venv.create(folder / "env", with_pip=False)

    def install(self, distribution: str) -> Path:
        """Build and install a distribution, named by its folder in this tree; return the programs' folder."""
        wheels = self._folder / distribution.replace("/", "-")
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels)]
        _run(*build, str(ROOT / distribution))
        pip = [sys.executable, "-m", "pip", "--python", str(self.programs / "python")]
        _run(*pip, "install", "--no-compile", *map(str, wheels.glob("*.whl")))
        return self.programs


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
