"""The tutorial's transport: under sixty lines, and it passes the suite that its page says it passes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seldon_runtime.testing import make_distribution

PAGE = (Path(__file__).parent.parent / "docs" / "transport_tutorial.md").read_text()
FILES = {found[1]: found[2] for found in re.finditer(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.S)}
PROJECT = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.S)[1])


def test_its_code_has_fewer_than_sixty_lines() -> None:
    tree = ast.parse(FILES["acme_lines.py"])
    imports = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)}
    lines = FILES["acme_lines.py"].splitlines()
    code = [line for number, line in enumerate(lines, 1) if line.strip() and number not in imports]
    assert len(code) < 60


@pytest.mark.timeout(300)
def test_it_passes_the_contract(tmp_path: Path) -> None:
    project = PROJECT["project"]
    groups = project["entry-points"]
    modules = {name.removesuffix(".py"): source for name, source in FILES.items()}
    site = make_distribution(tmp_path / "site", project["name"], groups, modules, version=project["version"])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        str(site),
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 100
    reasons = re.findall(r"^SKIPPED \[\d+\] \S+: lines (.*)$", done.stdout, re.M)
    assert sorted(reasons) == sorted(
        [
            "carries no deadlines",
            "does not notice that a client leaves",
            "does not serve metadata",
            "is served by one worker",
            "refuses what it has no room for",
        ]
    )
