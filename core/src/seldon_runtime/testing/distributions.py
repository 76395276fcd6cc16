"""Distributions made up for a test: entry points and modules, without building anything."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path


def make_distribution(
    site: Path,
    name: str,
    entry_points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str],
    *,
    version: str = "1.0",
) -> Path:
    """Install a distribution into a folder that, on PYTHONPATH or ``sys.path``, makes it found.

    Args:
        site: the folder; made when it is not there.
        name: of the distribution.
        entry_points: by group, the names and their targets.
        modules: source text by module name.
        version: of the distribution.

    Returns:
        ``site``.
    """
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
    info.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n")
    for module, source in modules.items():
        site.joinpath(f"{module}.py").write_text(textwrap.dedent(source))
    return site
