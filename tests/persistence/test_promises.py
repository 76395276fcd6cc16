"""Every promise of the documentation names tests that exist."""

from __future__ import annotations

import re

from tests.support.paths import DOCS

STATE = DOCS / "reference" / "state.md"


def test_the_tests_that_the_table_of_promises_names_exist():
    page = STATE.read_text()
    table = page.partition("## Promises and their tests")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) > 30
    for row in rows[1:]:
        named = re.findall(r"\[`(\w+)`\]\(([^)]+)\)", row)
        assert named or row.startswith("| **"), f"no test: {row}"
        for name, file in named:
            assert re.search(rf"^ *(def test_|class ){name}\b", (STATE.parent / file).read_text(), re.M), name
