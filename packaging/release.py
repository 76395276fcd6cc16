"""Builds what a release publishes, and checks it: wheels, sdists, a lock with hashes, a bill of materials.

    tox run -e release -- dist

Each archive is built twice; both must have the same bytes. ``dist/`` then holds:

    *.whl, *.tar.gz     of each distribution, for the index
    requirements.lock   the runtime with all plugins and their libraries, with hashes
    sbom.cdx.json       the same in CycloneDX's form
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from wheelhouse import projects

_WHOLE = "seldon-runtime[all]\nseldon-runtime-tools\nseldon-runtime-compat\n"


def main() -> None:
    """Run the command."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: a release begins with an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    archives = build_twice(folder)
    run("twine", "check", "--strict", *map(str, archives))
    run("check-wheel-contents", *(str(archive) for archive in archives if archive.suffix == ".whl"))
    write_lock(folder)
    write_bill_of_materials(folder)
    print(f"wrote {len(archives)} archives, a lock and a bill of materials to {folder}/")


def build_twice(folder: Path) -> list[Path]:
    """Build all archives, and again elsewhere; exit if the second build differs."""
    with tempfile.TemporaryDirectory() as other:
        first, second = (build(Path(place)) for place in (folder, other))
    if first != second:
        different = sorted(name for name in first if first[name] != second.get(name))
        sys.exit(f"two builds differ in {', '.join(different)}: a release must be reproducible")
    return [folder / name for name in sorted(first)]


def build(folder: Path) -> Mapping[str, str]:
    """Build sdist and wheel of each distribution; return the SHA-256 of each archive by its name."""
    for project in projects():
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project))
    archives = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    return {archive.name: hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives}


def write_lock(folder: Path) -> None:
    """Write the versions of everything, with hashes, for ``pip install --require-hashes``."""
    wanted = folder / "requirements.in"
    wanted.write_text(_WHOLE, "utf-8")
    command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--find-links", str(folder)]
    command += ["--no-header", "--no-annotate", "--output-file", str(folder / "requirements.lock")]
    run(*command, str(wanted))
    wanted.unlink()


def write_bill_of_materials(folder: Path) -> None:
    """Write the components of the lock as CycloneDX JSON."""
    target = str(folder / "sbom.cdx.json")
    run(
        "cyclonedx-py",
        "requirements",
        "--output-reproducible",
        "-o",
        target,
        str(folder / "requirements.lock"),
    )


def run(*command: str) -> None:
    """Run a program; exit with its output if it fails."""
    program = shutil.which(command[0])
    if program is None:
        sys.exit(f"{command[0]} is missing; use: tox run -e release")
    # The date of a file in an archive: of the last commit, so that each build of it has the same bytes.
    moment = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=Path(__file__).parent, capture_output=True, text=True
    ).stdout.strip()
    environment = os.environ | ({"SOURCE_DATE_EPOCH": moment} if moment else {})
    done = subprocess.run(
        [program, *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")


if __name__ == "__main__":
    main()
