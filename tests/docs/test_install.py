"""The installation page: its extras are those of the distributions."""

from __future__ import annotations

import re
import tomllib

from tests.support.paths import DOCS, PROJECTS, ROOT

PAGE = (DOCS / "how-to" / "install.md").read_text("utf-8")


def test_the_table_has_every_extra_with_its_distribution() -> None:
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text("utf-8"))["project"]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| `?([\w-]*)`? ?\|", PAGE, re.M))
    assert set(rows) == set(core["optional-dependencies"]) - {"reload"}
    names = {tomllib.loads(project.read_text("utf-8"))["project"]["name"] for project in PROJECTS}
    assert {name for name in rows.values() if name.startswith("seldon")} < names


def test_no_extra_looks_like_a_version() -> None:
    """Some releases of pip compare such a name as a version, and fail for every distribution with extras."""
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text("utf-8"))["project"]
    assert [name for name in core["optional-dependencies"] if re.match(r"v?\d", name)] == []
