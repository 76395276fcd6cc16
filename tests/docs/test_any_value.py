"""The page about values: its programs run, and their assertions hold."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.support.paths import DOCS

_HEAVY = ("polars", "pyarrow", "torch")
"""Libraries that ``tox run -e frameworks`` installs; elsewhere the blocks that import them do not run."""


def test_the_programs_of_the_page_run(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "any-value.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(blocks) == 13
    missing = [name for name in _HEAVY if find_spec(name) is None]
    run = [block for block in blocks if not any(f"import {name}" in block for name in missing)]
    assert len(run) >= 9
    program = tmp_path / "page.py"
    program.write_text("\n".join([*run, "print('done')"]))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=200)
    assert done.stdout == "done\n", done.stderr
