"""The fragments of the changelog: one of the known types each, and sentences that towncrier can collect."""

from __future__ import annotations

import tomllib

import pytest

from tests.support.paths import ROOT

FOLDER = ROOT / "changelog.d"
TYPES = {
    kind["directory"]
    for kind in tomllib.loads((ROOT / "towncrier.toml").read_text())["tool"]["towncrier"]["type"]
}
FRAGMENTS = sorted(set(FOLDER.glob("*.md")) - {FOLDER / "README.md"})


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_has_a_known_type_and_whole_sentences(fragment) -> None:
    name, kind, suffix = fragment.name.rsplit(".", 2)
    assert (kind in TYPES, suffix) == (True, "md"), fragment.name
    assert name.isdigit() or name.startswith("+"), fragment.name
    assert fragment.read_text("utf-8").rstrip().endswith((".", "`", ")")), fragment.name


def test_the_guide_names_the_types() -> None:
    guide = (FOLDER / "README.md").read_text("utf-8")
    assert {kind for kind in TYPES if f"| `{kind}` |" in guide} == TYPES
