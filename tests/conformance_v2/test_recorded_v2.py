"""The recorded cases of the Open Inference Protocol, each a test, judged by their own runner.

One ``seldon-run`` for each model answers all of its cases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_runtime.testing.processes import Starter
from tests.support.paths import DOCS
from tests.support.process import ServedProcess
from tests.support.v2_cases import FOLDER, Case, recorded, runner

CASES = {case["id"]: case for case in recorded()}
PAGE = (DOCS / "reference" / "v2.md").read_text()
LISTED = set(re.findall(r"^\| `([a-z][\w\[\]'{}.-]+)` \|", PAGE.partition("\n## Differences")[2], re.M))
"""The cases that the page lists under Differences, as answered in another way."""

UNLIMITED = [("grpc.max_receive_message_length", -1)]


@pytest.fixture(scope="module")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    starter = Starter(tmp_path_factory.mktemp("servers"), ServedProcess)
    started: dict[str, Any] = {}

    def server_of(model: str) -> dict[str, Any]:
        if model not in started:
            process = starter(model, "REST,GRPC", folder=FOLDER / "models")
            client = process.grpc_client(options=UNLIMITED)
            started[model] = {"http": ("127.0.0.1", process.ports["rest"]), "channel": client.channel}
        return started[model]

    yield server_of
    for server in started.values():
        server["channel"].close()
    starter.end()


@pytest.fixture
def send(server_of: Callable[[str], dict[str, Any]]) -> Callable[[Case], Any]:
    """A function that returns the answer to a case of the server for its model."""
    return lambda case: runner().send(case, server_of(case["model"]), case["model"])


@pytest.fixture
def verdict(send: Callable[[Case], Any]) -> Callable[[Case], list[str]]:
    """A function that asks the server of a case and returns the complaints about its answer."""

    def verdict(case: Case) -> list[str]:
        answer = send(case)
        complaints: list[str] = runner().judge(case, answer, case["model"])
        if not complaints and runner().not_preferred(case, answer):
            given = answer.get("status", answer.get("code"))
            return [f"status {given}, better {case['expect']['prefer']}"]
        return complaints

    return verdict


@pytest.mark.parametrize("case", sorted(set(CASES) - LISTED))
def test_a_recorded_case_is_answered_as_the_protocol_demands(case, verdict):
    assert verdict(CASES[case]) == []


@pytest.mark.parametrize("case", sorted(set(CASES) - LISTED))
def test_the_comparison_notices_whatever_is_falsified_in_a_case(case, send):
    """As ``runner.py --mutate``: another status, value, shape, datatype or name, or one output more."""
    found, answer = CASES[case], send(CASES[case])
    falsified = list(runner().mutations(found, answer))
    assert falsified
    model = found["model"]
    assert [part for part, expect in falsified if not runner().judge(found, answer, model, expect)] == []


@pytest.mark.parametrize("case", sorted(LISTED))
def test_a_listed_case_exists_and_differs(case, verdict):
    assert verdict(CASES[case]) != []
