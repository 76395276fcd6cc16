"""Writes the generated parts of the reference pages: the help of all commands, and the tables of errors.

    python packaging/reference_pages.py

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. Needs all distributions of
this tree. A test fails when a page is not current.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from seldon_runtime.cli import state
from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime.plugins.contributions import OWN_COMMANDS
from seldon_runtime_graph.commands import graph
from seldon_runtime_grpc.status import STATUS_OF as GRPC_STATUS
from seldon_runtime_grpc.status import code_of
from seldon_runtime_rest.response import STATUS_OF as HTTP_STATUS
from seldon_runtime_tools.cli import main

ROOT = Path(__file__).parents[1]
_REFERENCE = ROOT / "docs" / "reference"
_PART = re.compile(r"(<!-- generated: ([\w -]+) -->\n).*?(<!-- end -->)", re.S)
_COLUMNS = "100"

FAULT_AND_RETRY = {
    ErrorCode.BAD_DATA: ("the client", "no: change the request"),
    ErrorCode.COMPONENT_FAILED: ("the component, or a plugin", "no: the method may have had effects"),
    ErrorCode.BAD_METRIC: ("the component", "no: the method has run"),
    ErrorCode.BAD_METADATA: ("the component", "no"),
    ErrorCode.NOT_IMPLEMENTED: ("the client, which calls a method that is missing", "no"),
    ErrorCode.NOT_FOUND: ("the client", "no"),
    ErrorCode.TOO_LARGE: ("the client, or a limit that is too low", "no: send less at a time"),
    ErrorCode.OVERLOADED: ("nobody: too much load", "yes, after `Retry-After`: the method did not run"),
    ErrorCode.UNAVAILABLE: ("nobody: a start, an end or a hang", "yes, elsewhere: the method did not run"),
    ErrorCode.DEADLINE_EXCEEDED: (
        "the load, or a slow component",
        "only if a second run does no harm: the method may still run",
    ),
    ErrorCode.CANCELLED: ("the client, which disconnected", "yes: the method did not run"),
    ErrorCode.UNAUTHENTICATED: ("the client", "yes, with valid credentials"),
    ErrorCode.FORBIDDEN: ("the client", "no"),
    ErrorCode.RATE_LIMITED: ("the client", "yes, after `Retry-After`: the method did not run"),
}
"""The party at fault for each error, and the answer to: may the client send the same request again?"""


def commands() -> list[tuple[str, ...]]:
    """Return the words of all commands, in the order of the page."""
    component_commands = main.list_commands(click.Context(main))  # type: ignore[attr-defined]  # a group
    state_commands = sorted(state.command().commands)  # type: ignore[attr-defined]  # a group
    return [
        ("seldon-run",),
        *(("seldon-run", name) for name in sorted(OWN_COMMANDS)),
        *(("seldon-run", "state", name) for name in state_commands),
        ("seldon-run", "graph"),
        *(("seldon-run", "graph", name) for name in sorted(graph.commands)),
        ("seldon-component",),
        *(("seldon-component", name) for name in component_commands),
        ("seldon-core-microservice",),
    ]


def help_of(words: tuple[str, ...]) -> str:
    """Return what a command prints with ``--help``, in an environment without settings."""
    program = Path(sys.executable).with_name(words[0])
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    printed = subprocess.run(
        [program, *words[1:], "--help"],
        env={**environment, "COLUMNS": _COLUMNS, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return "\n".join(line.rstrip() for line in printed.rstrip().splitlines())


def help_texts() -> str:
    """Return a section for each command."""
    every = commands()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        texts = threads.map(help_of, every)
    sections = [
        f"{'#' * (len(words) + 1)} {' '.join(words)}\n\n```text\n{text}\n```\n"
        for words, text in zip(every, texts, strict=True)
    ]
    return "\n".join(sections)


def meanings() -> dict[str, str]:
    """Return the docstring below each member of ErrorCode."""
    (declared,) = ast.parse(inspect.getsource(ErrorCode)).body
    assert isinstance(declared, ast.ClassDef)
    found = {}
    for member, text in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr):
            found[ast.unparse(member.targets[0])] = ast.literal_eval(text.value)
    return found


def error_codes() -> str:
    """Return the table of all error codes."""
    meaning = meanings()
    return "\n".join(
        [
            "| `ErrorCode` | `reason` | HTTP | gRPC | meaning | at fault | may the client retry? |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| `{code.name}` | `{code.value}` | {HTTP_STATUS[code]} | `{GRPC_STATUS[code].name}` | "
                f"{meaning[code.name]} | {' | '.join(FAULT_AND_RETRY[code])} |"
                for code in ErrorCode
            ),
            "",
        ]
    )


def status_codes() -> str:
    """Return the table of the gRPC codes for the statuses that user code chooses."""
    statuses: dict[str, list[str]] = {}
    for status in range(400, 600):
        code = code_of(SeldonError("", status_code=status)).name
        statuses.setdefault(code, []).append(str(status))
    rest = {"INVALID_ARGUMENT": "every other 4xx", "INTERNAL": "every other 5xx"}
    rows = [
        f"| {rest.get(code) or ', '.join(found)} | `{code}` |" for code, found in sorted(statuses.items())
    ]
    return "\n".join(["| `status_code` | gRPC |", "|---|---|", *rows, ""])


PARTS: dict[str, Callable[[], str]] = {
    "commands": help_texts,
    "error codes": error_codes,
    "status codes": status_codes,
}
"""The text of each generated part, by its name."""


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page that has generated parts, and its current text."""
    for path in sorted(_REFERENCE.rglob("*.md")):
        text = path.read_text("utf-8")
        if _PART.search(text):
            yield path, _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]()}\n{part[3]}", text)


if __name__ == "__main__":
    for page, current in pages():
        page.write_text(current, "utf-8")
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")
