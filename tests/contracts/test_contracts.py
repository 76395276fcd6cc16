"""Every test of the public contracts can fail: for each there is something faulty that it finds."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from seldon_runtime.testing import (
    BatcherContract,
    InterceptorContract,
    ObserverContract,
    TransportContract,
    make_distribution,
)

FOLDER = Path(__file__).parent
SHORT_WAIT_S = "3"
"""Enough to see that what cannot happen does not."""
TRANSPORTS = ("faulty_calls.py", "faulty_life.py", "faulty_streams.py")
OWN_FAULTS = ("AttributeError", "NameError", "TypeError", "fixture", "ImportError")


def faults(*files: str) -> set[str]:
    """The names of the faulty classes, without importing them."""
    nodes = [node for file in files for node in ast.parse((FOLDER / file).read_text()).body]
    return {node.name for node in nodes if isinstance(node, ast.ClassDef) and node.decorator_list}


def contract_tests(*contracts: type) -> set[str]:
    return {name for contract in contracts for name in dir(contract) if name.startswith("test_")}


def run(tmp_path: Path, file: str, pattern: str, **environment: str) -> list[ElementTree.Element]:
    """The reports of the tests in ``file`` whose names have ``pattern``."""
    names = {name.lower() for name in faults(*TRANSPORTS)}
    targets = {"wire": "wire:plugin"} | {name: f"entries:{name}" for name in names}
    imports = ", ".join(file.removesuffix(".py") for file in TRANSPORTS)
    entries = f"import {imports}\nfrom faults import PLUGINS\nglobals().update(PLUGINS)\n"
    site = make_distribution(
        tmp_path / "site", "acme-faulty", {"seldon_runtime.transport": targets}, {"entries": entries}
    )
    report = tmp_path / "report.xml"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-p", "selection"),
            *("-p", "seldon_runtime.testing.fixtures", "-k", pattern, f"--junitxml={report}"),
            *("--rootdir", str(tmp_path), str(FOLDER / file)),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(site), str(FOLDER)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout
    return list(ElementTree.parse(report).getroot().iter("testcase"))


def outcome(case: ElementTree.Element) -> str:
    """``passed``, ``skipped``, or the message of the failure."""
    if not len(case):
        return "passed"
    return "skipped" if case[0].tag == "skipped" else f"{case[0].tag}: {case[0].get('message')}"


def missed(cases: list[ElementTree.Element]) -> tuple[dict[tuple[str, str], list[str]], set[tuple[str, str]]]:
    """The faults that a test should have found and did not, with its outcomes; and all that were looked for.

    Of a test with several parameters one has to find it; a fault in the faulty class itself does not count.
    """
    outcomes: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        name = (str(case.get("classname")).rpartition("_")[2], str(case.get("name")).partition("[")[0])
        outcomes.setdefault(name, []).append(outcome(case))

    def is_finding(text: str) -> bool:
        return text.startswith("failure: ") and not text.removeprefix("failure: ").startswith(OWN_FAULTS)

    return {name: o for name, o in outcomes.items() if not any(map(is_finding, o))}, set(outcomes)


@pytest.mark.timeout(300)
def test_a_transport_without_fault_passes(tmp_path: Path) -> None:
    outcomes = {
        str(case.get("name")): outcome(case) for case in run(tmp_path, "check_transports.py", "TestWire")
    }
    assert len(outcomes) > 140
    assert {name: result for name, result in outcomes.items() if result != "passed"} == {
        "test_more_calls_than_the_queue_holds_are_all_answered_in_the_end": "skipped"
    }


@pytest.mark.timeout(600)
def test_every_test_of_transports_finds_a_fault(tmp_path: Path) -> None:
    cases = run(tmp_path, "check_transports.py", "not TestWire", SELDON_TEST_WAIT_S=SHORT_WAIT_S)
    not_found, found = missed(cases)
    assert not_found == {}
    assert {fault for fault, _ in found} == {name.lower() for name in faults(*TRANSPORTS)}
    assert contract_tests(TransportContract) - {test for _, test in found} == set()


@pytest.mark.parametrize(
    ("file", "good", "skipped"),
    [
        ("check_batchers.py", "TestStacking", 0),
        ("check_observers.py", "TestCounting", 0),
        ("check_interceptors.py", "TestPassing", 0),
        ("check_interceptors.py", "TestWeighing", 10),  # those that compare answers
    ],
)
def test_objects_without_fault_pass(tmp_path: Path, file: str, good: str, skipped: int) -> None:
    outcomes = [outcome(case) for case in run(tmp_path, file, good)]
    assert len(outcomes) > 20
    assert outcomes.count("skipped") == skipped
    assert set(outcomes) - {"passed", "skipped"} == set()


@pytest.mark.parametrize(
    ("file", "good", "contract"),
    [
        ("check_batchers.py", "TestStacking", BatcherContract),
        ("check_observers.py", "TestCounting", ObserverContract),
        ("check_interceptors.py", "TestPassing or TestWeighing", InterceptorContract),
    ],
)
def test_every_test_of_objects_finds_a_fault(tmp_path: Path, file: str, good: str, contract: type) -> None:
    cases = run(tmp_path, file, f"not ({good})", SELDON_TEST_WAIT_S=SHORT_WAIT_S)
    not_found, found = missed(cases)
    assert not_found == {}
    assert {fault for fault, _ in found} == faults(file)
    assert contract_tests(contract) - {test for _, test in found} == set()
