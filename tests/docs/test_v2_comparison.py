"""The table of other servers in ``docs/reference/v2.md`` has the numbers of the recorded answers."""

from __future__ import annotations

import re
from collections import Counter

from tests.support.paths import DOCS
from tests.support.v2_cases import recorded

SERVERS = ("triton", "mlserver", "kserve")
COLUMNS = ("cases", "this runtime", *SERVERS)
"""The columns. ``tests/conformance_v2`` shows that this runtime keeps every case."""
ROWS = {
    "the protocol's musts": ("must",),
    "its advice": ("should",),
    "binary tensor data": ("binary",),
    "the needs of clients and of HTTP": ("client", "http"),
    "Triton's stream, repository, statistics, configuration, `generate`": (
        *("stream", "repository", "statistics", "config", "generate"),
    ),
    "MLServer's content types": ("mlserver",),
}
"""The first cells, and the levels of the cases that they count."""


def test_the_table_counts_the_recorded_answers() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for case in recorded():
        level = case["spec"]["level"]
        counts.update((level, name) for name in ("cases", "this runtime"))
        counts.update((level, name) for name in SERVERS if case["response"][name].get("fits"))
    section = (DOCS / "reference" / "v2.md").read_text("utf-8").split("\n## Beside other servers\n")[1]
    cells = [re.split(r" *\| *", line)[1:-1] for line in section.splitlines() if line.startswith("|")]
    assert cells[2:] == [
        [row, *(str(sum(counts[level, name] for level in levels)) for name in COLUMNS)]
        for row, levels in ROWS.items()
    ]
