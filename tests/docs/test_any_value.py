"""The page about values: its program runs, and its assertions hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.paths import DOCS


def test_the_program_of_the_page_runs(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "any-value.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(blocks) == 5
    program = tmp_path / "page.py"
    program.write_text("\n".join([*blocks, "print('done')"]))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "done\n", done.stderr
