"""The size of installations: the runtime's distributions, and the Seldon Core v1 wrapper.

    python benchmarks/installed_size.py

It builds the wheels of this tree (needs ``build`` and hatchling). It installs each set with its dependencies
into an environment of its own. Then it adds up the files in ``site-packages``, compiled ones included.
This takes minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTIONS = (
    "core",
    "plugins/rest",
    "plugins/grpc",
    "plugins/persistence_redis",
    "plugins/metrics",
    "plugins/v2",
    "plugins/batching",
    "plugins/graph",
)
SETS = {
    "core": "seldon-runtime",
    "core and REST": "seldon-runtime[rest]",
    "core and gRPC": "seldon-runtime[grpc]",
    "core, REST and gRPC": "seldon-runtime[rest,grpc]",
    "everything (`seldon-runtime[all]`)": "seldon-runtime[all]",
    "the wrapper (`seldon-core`)": "seldon-core",
}


def main() -> None:
    """Run the command."""
    with tempfile.TemporaryDirectory() as scratch:
        wheels = Path(scratch, "wheels")
        for distribution in DISTRIBUTIONS:
            folder = ROOT / distribution
            run(
                sys.executable,
                "-m",
                "build",
                "--wheel",
                "--no-isolation",
                "--outdir",
                str(wheels),
                str(folder),
            )
        print("| installed | distributions | MB | without NumPy |\n|---|---|---|---|")
        for number, (name, requirement) in enumerate(SETS.items()):
            environment = Path(scratch, str(number))
            venv.create(environment, with_pip=False)
            python = str(environment / "bin" / "python")
            pip = (sys.executable, "-m", "pip", "--python", python)
            run(*pip, "install", "--quiet", "--find-links", str(wheels), requirement)
            (site,) = environment.glob("lib/python*/site-packages")
            numpy = sum(map(size, site.glob("numpy*")))
            count = len(list(site.glob("*.dist-info")))
            print(
                f"| {name} | {count} | {size(site) / 1e6:.0f} | {(size(site) - numpy) / 1e6:.0f} |",
                flush=True,
            )


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    return sum(
        file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()
    )


def run(*command: str) -> None:
    """Run a command; exit with its output if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")


if __name__ == "__main__":
    main()
