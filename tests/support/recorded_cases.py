"""The recorded cases of the protocol, and their runner's verdicts."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.support.corpus import Case, recorded_in, runner_in
from tests.support.paths import CONFORMANCE

RUNNER = CONFORMANCE / "runner.py"


def recorded() -> list[Case]:
    """Return all cases, in the order of their files."""
    return recorded_in(CONFORMANCE)


def needs_package(case: Case) -> bool:
    """Return whether the case's model imports the reference's own package."""
    return CONFORMANCE.joinpath("models_base", f"{case['model'].partition('.')[0]}.py").exists()


def runner() -> ModuleType:
    """Return the runner as a module: its gRPC client knows the messages that are in a file."""
    return runner_in(CONFORMANCE)


def transports_of(case: Case) -> set[str]:
    """Return the transports that a case calls, in its own request or in a step before."""
    called = {case["transport"], *(step["transport"] for step in case.get("before", ()))}
    return {"GRPC" if name == "grpc" else "REST" for name in called}


def by_transports(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Sort cases by the API_TYPE of their server.

    Cases that name the same class and settings share a server, which serves the transports that they call.
    """
    servers: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        servers[runner().server_key(case)].append(case)
    sorted_cases: dict[str, list[Case]] = defaultdict(list)
    for sharing in servers.values():
        called = set().union(*map(transports_of, sharing))
        if called == {"GRPC"}:
            sharing = [{**case, "no_port": ["http"]} for case in sharing]
        sorted_cases[",".join(sorted(called, reverse=True))] += sharing
    return dict(sorted_cases)


def run(
    cases: Iterable[Case],
    folder: Path,
    words: str,
    *arguments: str,
    program: str = "seldon-run",
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run cases against a program of this environment; return the runner's verdicts by case id.

    Args:
        cases: those to run.
        folder: an empty one.
        words: the command line, in which the runner fills in ``{model}`` and ``{service_type}``.
        arguments: of the runner.
        program: the one that serves.
        environment: variables that are set besides this process's.
    """
    folder.joinpath("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    path = shlex.quote(str(Path(sysconfig.get_path("scripts"), program)))
    done = subprocess.run(
        [
            *(sys.executable, str(RUNNER), "--jobs", "2", "--cases", str(folder)),
            *("--json", str(folder / "verdicts.json"), "--command", f"{path} {words}", *arguments),
        ],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout  # 1: something differs
    results = json.loads(folder.joinpath("verdicts.json").read_text())["results"]
    return {verdict["id"]: verdict for verdict in results}


def described(verdicts: Iterable[Any]) -> str:
    """Return a line for each verdict, with what differs."""
    return "\n".join(f"{verdict['id']}: {'; '.join(verdict['problems'])}" for verdict in verdicts)
