"""The installation page: its extras are those of the distributions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

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


GUIDES = [*(DOCS / "how-to").glob("*.md"), *(DOCS / "tutorials").glob("*.md")]
SHOW_IT = {"first-component.md", "first-transport.md", "install.md", "package.md", "deploy.md", "migrate.md"}
"""Pages that show the installation itself, or follow a page that does."""


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_a_page_with_commands_says_what_to_install(page: Path) -> None:
    text = page.read_text("utf-8")
    core = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text("utf-8"))["project"]
    named = {
        extra for names in re.findall(r"seldon-runtime\[([\w,-]+)\]", text) for extra in names.split(",")
    }
    assert named <= set(core["optional-dependencies"])
    if page.name not in SHOW_IT and re.search(r"^(?:\w+=\S+ )*seldon-run ", text, re.M):
        assert re.search(r"needs?\s`seldon-runtime\[[\w,-]+\]`[^:]*: \[install\]\(\S*install\.md\)", text)
