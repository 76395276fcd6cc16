"""Generated distributions for tests: entry points and modules, without a build."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_distribution(
    site: Path,
    name: str,
    entry_points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str],
    *,
    version: str = "1.0",
    requires: Sequence[str] = (),
) -> Path:
    """Install a generated distribution into a folder for PYTHONPATH or ``sys.path``.

    Args:
        site: the folder; created if it does not exist.
        name: the name of the distribution.
        entry_points: the targets by group and name.
        modules: the source text by module name.
        version: the version of the distribution.
        requires: its requirements, such as ``numpy<2``.

    Returns:
        ``site``.
    """
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    needs = [f"Requires-Dist: {requirement}" for requirement in requires]
    info.joinpath("METADATA").write_text("\n".join([*head, *needs]) + "\n")
    lines = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
    info.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n")
    for module, source in modules.items():
        site.joinpath(f"{module}.py").write_text(textwrap.dedent(source))
    return site
