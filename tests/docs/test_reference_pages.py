"""The generated parts of the reference pages are what the code says now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import DOCS, ROOT
from tests.support.scripts import packaging_script

GENERATOR = packaging_script("reference_pages")


def test_every_generated_part_is_current() -> None:
    outdated = [
        path.relative_to(ROOT).as_posix()
        for path, current in GENERATOR.pages()
        if path.read_text("utf-8") != current
    ]
    assert outdated == [], "run: python packaging/reference_pages.py"


@pytest.mark.parametrize(
    ("page", "part"), [("cli.md", "commands"), ("errors.md", "error codes"), ("errors.md", "status codes")]
)
def test_every_part_has_its_page(page: str, part: str) -> None:
    assert f"<!-- generated: {part} -->" in (DOCS / "reference" / page).read_text("utf-8")


def test_an_outdated_part_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- generated: error codes -->\nold\n<!-- end -->\n\nThe end.\n")
    monkeypatch.setattr(GENERATOR, "_REFERENCE", tmp_path)
    ((path, current),) = GENERATOR.pages()
    assert path == page
    assert "old" not in current
    assert "| `OVERLOADED` | `MICROSERVICE_OVERLOADED` | 503 | `RESOURCE_EXHAUSTED` |" in current
    assert current.endswith("<!-- end -->\n\nThe end.\n")
