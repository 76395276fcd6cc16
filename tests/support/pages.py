"""Code blocks of the documentation's pages, and modules made of them.

:class:`tests.support.terminal.Terminal` runs the blocks.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.support.paths import DOCS

_BLOCK = re.compile(r"```python\n# ([\w/.]+)\n(.*?)```", re.S)
_FENCE = re.compile(r'^```(\w+)(?: title="(.*?)")?\n(.*?)^```$', re.M | re.S)
_FILE = re.compile(r"(?:#|//|<!--) ([\w/]+(?:\.\w+)+)(?: -->)?\n")


PLUGINS = ("tutorials/first-plugin.md", "how-to/plugins/*.md", "reference/plugins.md")
"""The pages for authors of plugins, whose examples belong together."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language, its title, and its text."""

    language: str
    title: str | None
    text: str

    @property
    def file(self) -> str | None:
        """The file that the reader makes of it: its title, or a comment in its first line."""
        found = _FILE.match(self.text)
        return found[1] if found else self.title

    @property
    def commands(self) -> Iterator[str]:
        """The commands of a ``sh`` block: lines, continued within quotes and after a backslash."""
        command = ""
        for line in self.text.splitlines():
            command += line
            if command.startswith("#"):
                command = ""
            elif line.endswith("\\") or not _is_complete(command):
                command += "\n"
            elif command:
                yield command
                command = ""
        assert not command, f"the command is not complete: {command}"


def _is_complete(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True


class Page:
    """One page of the documentation, or several as one.

    Args:
        names: of the files below ``docs/``, such as ``reference/grpc.md``; a star stands for any name.
    """

    def __init__(self, *names: str) -> None:
        self.name = names[0]
        files = [path for name in names for path in sorted(DOCS.glob(name))]
        self.text = "".join(path.read_text("utf-8") for path in files)
        blocks = [(found[1], found[2]) for found in _BLOCK.finditer(self.text)]
        self.reference = [(title, text) for title, text in blocks if title.startswith("seldon_runtime")]
        """The blocks that repeat the code: module, and declarations."""
        self.files = {title: text for title, text in blocks if title.endswith(".py")}
        """The examples: file name, and source."""

    def blocks(self, heading: str = "") -> list[Block]:
        """Return the blocks of code in their order, of the page or of the section with this heading."""
        text = self.text
        if heading:
            (text,) = re.findall(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
        return [Block(*found.groups()) for found in _FENCE.finditer(text)]

    def sources(self, *names: str) -> dict[str, str]:
        """Return the sources of examples by module name."""
        return {name: self.files[f"{name}.py"] for name in names}

    def module(self, name: str) -> ModuleType:
        """Return an example as a module that is not importable by others."""
        module = ModuleType(name)
        exec(compile(self.files[f"{name}.py"], f"{self.name}:{name}.py", "exec"), module.__dict__)
        return module


def run_tests(site: Path, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run pytest on the tests of a folder, warnings as errors; return its report.

    Args:
        site: the folder, importable.
        folder: where it runs.
        environment: further variables.
    """
    options = ("-q", "-rs", "-p", "no:cacheprovider", "-W", "error")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(site)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": "", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def passed(report: str) -> int:
    """Return how many tests passed."""
    found = re.search(r"(\d+) passed", report)
    return int(found[1]) if found else 0


def skipped(report: str, transport: str) -> list[str]:
    """Return why the suite skipped tests of a transport, sorted."""
    return sorted(re.findall(rf"^SKIPPED \[\d+\] \S+: {transport} (.*)$", report, re.M))
