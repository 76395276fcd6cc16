"""Every promise of the documentation names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tests_that_the_table_of_promises_names_exist():
    page = (DOCS / "persistence.md").read_text()
    rows = [line for line in page.partition("## What is promised")[2].splitlines() if line.startswith("| ")]
    assert len(rows) > 30
    for row in rows[1:]:
        named = re.findall(r"\[`(\w+)`\]\(([^)]+)\)", row)
        assert named or row.startswith("| **"), f"no test: {row}"
        for name, file in named:
            assert re.search(rf"^ *(def test_|class ){name}\b", (DOCS / file).read_text(), re.M), name
