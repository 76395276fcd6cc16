"""The recorded cases of the v1 protocol, run by their own runner against ``seldon-run``.

What differs from the recording is listed in ``docs/compatibility.md``, by case id.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "conformance"
NO_START = {"rest-params/load-attribute-error"}
"""Cases whose difference is that the server refuses to start."""
SLOW_S = 900

Case = dict[str, Any]


def recorded() -> dict[str, Case]:
    lines = [line for file in sorted(HERE.glob("corpus/*.jsonl")) for line in file.read_text().splitlines()]
    return {case["id"]: case for case in map(json.loads, filter(str.strip, lines))}


def is_rest(case: Case) -> bool:
    """Whether it can run here: without gRPC, and without the reference's own package."""
    of_base = HERE.joinpath("models_base", f"{case['model'].partition('.')[0]}.py").exists()
    return case["transport"] != "grpc" and "GRPC" not in case.get("args", []) and not of_base


def listed() -> set[str]:
    """The entries of the page, some with a ``*``: what stands in backticks and begins with a group's name."""
    page = (HERE.parents[1] / "docs" / "compatibility.md").read_text()
    groups = {case["group"] for case in RECORDED.values()}
    return {entry for entry in re.findall(r"`([\w-]+/[\w*-]+)`", page) if entry.partition("/")[0] in groups}


def with_request_path(case: Case) -> Case:
    """The old wrapper added no requestPath to an answer; the protocol has it since, so it is expected."""
    answer = case["expect"].get("json")
    if not isinstance(answer, dict):
        return case
    path = {case["env"]["PREDICTIVE_UNIT_ID"]: "NOT_IMPLEMENTED:NOT_IMPLEMENTED"}
    return {**case, "expect": {**case["expect"], "json": {**answer, "meta": {"requestPath": path}}}}


RECORDED = recorded()
LISTED = listed()
CURRENT = [
    case
    for case in filter(is_rest, RECORDED.values())
    if case["group"].startswith(("rest-", "start", "limits", "tftensor"))
]
LEGACY = [case for case in filter(is_rest, RECORDED.values()) if case["group"] == "legacy-outlier"]
if shutil.which("redis-server"):
    LEGACY += [with_request_path(case) for case in RECORDED.values() if case["group"] == "legacy-persistence"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Runs cases; gives the runner's verdicts by case id."""

    def run(cases: list[Case], words: str, *arguments: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("cases")
        folder.joinpath("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
        program = shlex.quote(sysconfig.get_path("scripts") + "/seldon-run")
        done = subprocess.run(
            [
                *(sys.executable, str(HERE / "runner.py"), "--jobs", "2"),
                *("--cases", str(folder), "--json", str(folder / "verdicts.json")),
                *("--command", f"{program} {words}", *arguments),
            ],
            env={**os.environ, "CORS_ORIGINS": "*", "METRICS": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode in (0, 1), done.stdout  # 1: something differs
        return {
            verdict["id"]: verdict
            for verdict in json.loads(folder.joinpath("verdicts.json").read_text())["results"]
        }

    return run


@pytest.fixture(scope="module")
def verdicts(run: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    current = run(CURRENT, "{model} REST --service-type {service_type}")
    return current | run(LEGACY, "{model} --service-type {service_type}", "--legacy")  # cases bring the REST


def is_listed(case: str) -> bool:
    return any(fnmatchcase(case, entry) for entry in LISTED)


def described(verdicts: list[Any]) -> str:
    return "\n".join(f"{verdict['id']}: {'; '.join(verdict['problems'])}" for verdict in verdicts)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("group", sorted({case["group"] for case in [*CURRENT, *LEGACY]}))
def test_answers_are_the_recorded_ones_or_listed_as_different(group, verdicts):
    """A plain case must pass; an oddity of the reference, or an error of it, may differ if it is listed."""
    of_group = [verdict for verdict in verdicts.values() if verdict["group"] == group]
    assert of_group
    different = [verdict for verdict in of_group if not verdict["ok"]]
    plain = [verdict for verdict in different if verdict["kind"] == "exact" and not verdict["oddity"]]
    assert not plain, described(plain)
    unlisted = [verdict for verdict in different if not is_listed(verdict["id"])]
    assert not unlisted, described(unlisted)
    unanswered = [verdict for verdict in different if "failed" in verdict["got"]]
    assert {verdict["id"] for verdict in unanswered} <= NO_START, described(unanswered)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("entry", sorted(LISTED))
def test_a_listed_case_exists_and_differs(entry, verdicts):
    meant = [case for case in RECORDED if fnmatchcase(case, entry)]
    assert meant, "no such case"
    ran = [verdicts[case] for case in meant if case in verdicts]
    if not ran:
        pytest.skip("not a case of REST")
    assert any(not verdict["ok"] for verdict in ran), "answered as recorded"
