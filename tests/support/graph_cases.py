"""The recorded cases of graphs, and their runner's judgement, for graphs that this process serves."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import seldon_runtime
from tests.support.corpus import Case, recorded_in, runner_in
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "conformance_graph"
MODELS = FOLDER / "models"


def recorded() -> list[Case]:
    """Return all cases, in the order of their files."""
    return recorded_in(FOLDER)


def runner() -> ModuleType:
    """Return the runner as a module: it sends requests and judges answers."""
    return runner_in(FOLDER)


def written(case: Case, folder: Path) -> Path:
    """Return the file of a case, written into a folder."""
    file = folder / case.get("graph_name", "case.json")
    file.write_text(runner().graph_text(case))
    return file


def verdict(case: Case, folder: Path) -> list[str]:
    """Return the complaints about a case. Needs $GRAPH_CALLS, and the classes on the path.

    The time that a step takes is not judged: this machine may be busy.
    """
    named = ["--predictor", case["predictor"]] if case.get("predictor") else []
    complaints: list[str] = []
    with seldon_runtime.serve(str(written(case, folder)), port=0, options=named) as serving:
        since, answers = 0, []
        for number, step in enumerate(case["steps"], 1):
            replies, _ = runner().perform(serving.addresses["rest"], step, answers)
            calls, since = runner().calls_of(str(folder / "calls.jsonl"), since)
            found: list[str] = []
            runner().check(step["expect"], replies, 0.0, calls, found)
            complaints += [f"step {number}: {each}" for each in found]
    return complaints
