"""Builds the wheel of every distribution of this tree into a folder, which pip takes as a source.

    python packaging/wheelhouse.py wheelhouse
    pip install --find-links wheelhouse 'seldon-runtime[rest]'

Until the distributions are on an index, this makes the names of the documentation work. Needs only pip.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def projects() -> list[Path]:
    """Return the folders of all distributions of this tree."""
    found = [*ROOT.glob("*/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")]
    return sorted(project.parent for project in found)


def build(folder: Path, *options: str) -> None:
    """Build all wheels into the folder; ``options`` are for pip.

    Raises:
        subprocess.CalledProcessError: a build failed; pip has said why.
    """
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*command, *options, *map(str, projects())], check=True)


def main() -> None:
    """Run the command."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "wheelhouse")
    build(folder)
    print(f"wrote {folder}/. Install with: pip install --find-links {folder} 'seldon-runtime[rest]'")


if __name__ == "__main__":
    main()
