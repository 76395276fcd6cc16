"""The recorded cases of graphs, each a test, judged by their own runner.

This process serves each graph, over HTTP. ``runner.py`` starts ``seldon-run`` for each case instead.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from typing import Any

import pytest

from seldon_runtime.plugin import StartupError
from tests.support.graph_cases import FOLDER, MODELS, Case, recorded, verdict, written

import seldon_runtime  # isort: skip

CASES = {case["id"]: case for case in recorded()}
ANSWERED = sorted(case for case in CASES if "refuse" not in CASES[case])
REFUSED = sorted(set(CASES) - set(ANSWERED))
NEEDS_QUIET = {"error-18"}
"""Its nodes take half of their time limit: the runner judges it, and tests of the limits do."""
A_CASE_OF_EACH_GROUP = "^(?!chance).*-0[29]$"


@pytest.fixture(autouse=True)
def classes(monkeypatch, tmp_path):
    """Provide the classes of the cases, and the file of their calls."""
    monkeypatch.chdir(MODELS)
    monkeypatch.syspath_prepend(str(MODELS))
    monkeypatch.setenv("GRAPH_CALLS", str(tmp_path / "calls.jsonl"))


@pytest.mark.parametrize("case", sorted(set(ANSWERED) - NEEDS_QUIET))
def test_a_recorded_graph_answers_as_the_incumbent(case, tmp_path):
    assert verdict(CASES[case], tmp_path) == []


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_run_is_refused_with_the_reason(case, tmp_path):
    case = CASES[case]
    named = ["--predictor", case["predictor"]] if case.get("predictor") else []
    with pytest.raises(StartupError) as raised:
        seldon_runtime.serve(str(written(case, tmp_path)), port=0, options=named)
    message = f"{raised.value} {raised.value.__cause__}".lower()
    assert [word for word in case["refuse"]["mentions"] if word.lower() not in message] == []


def falsified(case: Case) -> list[tuple[str, Case]]:
    """Return wrong forms of a case: each changes one expectation of its first step."""

    def wrong(path: str, value: Any) -> tuple[str, Case]:
        changed = copy.deepcopy(case)
        place = changed["steps"][0]["expect"]
        *above, last = path.split("/")
        for key in above:
            place = place[key]
        place[last] = value
        return path, changed

    expect = case["steps"][0]["expect"]
    forms = [wrong("status", 418), wrong("response_headers", {"Seldon-Puid": "^never$"})]
    if "calls" in expect:
        forms += [wrong(f"calls/{node}", ["predict", "predict", "aggregate"]) for node in expect["calls"]]
    if "json" in expect:
        forms += [wrong("json", {**expect["json"], "data": {"ndarray": [[-123.0]]}})]
    forms += [wrong(f"exact/{path}", {"nobody": 1}) for path in expect.get("exact", {})]
    return forms


@pytest.mark.parametrize("case", ["router-02", "combiner-07"])
def test_a_false_expectation_is_noticed(case, tmp_path):
    for path, wrong in falsified(CASES[case]):
        (tmp_path / "calls.jsonl").unlink(missing_ok=True)
        assert verdict(wrong, tmp_path) != [], path


def test_a_case_of_each_group_passes_by_the_command_itself():
    command = [sys.executable, str(FOLDER / "runner.py"), str(FOLDER / "corpus"), "--jobs", "2"]
    served = [
        "seldon-run",
        "{graph}",
        "REST",
        "{predictor}",
        "--host",
        "127.0.0.1",
        "--service-port",
        "{port}",
    ]
    only = "" if os.environ.get("SELDON_TEST_SLOW") else A_CASE_OF_EACH_GROUP
    ran = subprocess.run(
        [*command, "--only", only, "--", *served], capture_output=True, text=True, timeout=280
    )
    assert ran.returncode == 0, ran.stdout
