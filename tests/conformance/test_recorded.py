"""The recorded cases of the v1 protocol, run by their own runner against ``seldon-run``.

What differs from the recording is listed by case id: of REST in ``docs/reference/compatibility.md``, of
gRPC in ``docs/reference/grpc.md``. Both are in one module, because cases of both share servers.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest
from google.protobuf import wrappers_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.support import recorded_cases
from tests.support.paths import CONFORMANCE, DOCS
from tests.support.recorded_cases import Case, by_transports, described, needs_package

NO_START = {"rest-params/load-attribute-error"}
"""Cases whose difference is that the server refuses to start."""
SLOW_S = 900


def is_rest(case: Case) -> bool:
    """Whether it can run here: without gRPC, and without the reference's own package."""
    by_grpc = case["transport"] == "grpc" or "GRPC" in case.get("args", [])
    return not by_grpc and not needs_package(case)


def listed() -> set[str]:
    """The entries of the page, some with a ``*``: what stands in backticks and begins with a group's name."""
    page = (DOCS / "reference/compatibility.md").read_text()
    groups = {case["group"] for case in RECORDED.values()}
    return {entry for entry in re.findall(r"`([\w-]+/[\w*-]+)`", page) if entry.partition("/")[0] in groups}


def with_request_path(case: Case) -> Case:
    """The old wrapper added no requestPath to an answer; the protocol has it since, so it is expected."""
    answer = case["expect"].get("json")
    if not isinstance(answer, dict):
        return case
    path = {case["env"]["PREDICTIVE_UNIT_ID"]: "NOT_IMPLEMENTED:NOT_IMPLEMENTED"}
    return {**case, "expect": {**case["expect"], "json": {**answer, "meta": {"requestPath": path}}}}


RECORDED = {case["id"]: case for case in recorded_cases.recorded()}
LISTED = listed()
CURRENT = [
    case
    for case in filter(is_rest, RECORDED.values())
    if case["group"].startswith(("rest-", "start", "limits", "tftensor"))
]
GRPC = [
    case
    for case in RECORDED.values()
    if case["transport"] == "grpc" and not case["group"].startswith("legacy") and not needs_package(case)
]
GRPC_GROUPS = sorted({case["group"] for case in GRPC})
LISTED_GRPC = {
    entry
    for entry in re.findall(r"`([\w-]+/[\w-]+)`", (DOCS / "reference/grpc.md").read_text())
    if entry.partition("/")[0] in GRPC_GROUPS
}
LEGACY = [case for case in filter(is_rest, RECORDED.values()) if case["group"] == "legacy-outlier"]
if shutil.which("redis-server"):
    LEGACY += [with_request_path(case) for case in RECORDED.values() if case["group"] == "legacy-persistence"]


REST_IDS = {case["id"] for case in [*CURRENT, *LEGACY]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """``run(cases, words, *arguments)``: as :func:`recorded_cases.run`, in a folder of its own."""

    def run(cases: list[Case], words: str, *arguments: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("cases")
        environment = {"CORS_ORIGINS": "*", "METRICS": "0"}
        return recorded_cases.run(cases, folder, words, *arguments, environment=environment)

    return run


@pytest.fixture(scope="module")
def verdicts(run: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Of all cases; those of gRPC among them."""
    found = run(LEGACY, "{model} --service-type {service_type}", "--legacy")  # cases bring the REST
    for transports, cases in by_transports([*CURRENT, *GRPC]).items():
        found |= run(cases, f"{{model}} {transports} --service-type {{service_type}} --protocols v1")
    return found


def is_listed(case: str) -> bool:
    return any(fnmatchcase(case, entry) for entry in LISTED)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("group", sorted({case["group"] for case in [*CURRENT, *LEGACY]}))
def test_answers_are_the_recorded_ones_or_listed_as_different(group, verdicts):
    """A plain case must pass; an oddity of the reference, or an error of it, may differ if it is listed."""
    of_group = [v for v in verdicts.values() if v["group"] == group and v["id"] in REST_IDS]
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
    ran = [verdicts[case] for case in meant if case in REST_IDS]
    if not ran:
        pytest.skip("not a case of REST")
    assert any(not verdict["ok"] for verdict in ran), "answered as recorded"


# gRPC

GRPC_IDS = {case["id"] for case in GRPC}


def described_by(channel):
    """Every file that reflection tells of, those first on which others depend."""
    database = ProtoReflectionDescriptorDatabase(channel)
    files = {}

    def add(file):
        for name in file.dependency:
            if name not in files:
                add(database.FindFileByName(name))
        files[file.name] = file

    for service in database.get_services():
        add(database.FindFileContainingSymbol(service))
    add(
        FileDescriptorProto.FromString(wrappers_pb2.DESCRIPTOR.serialized_pb)
    )  # what some cases send in an Any
    return FileDescriptorSet(file=files.values())


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("group", GRPC_GROUPS)
def test_answers_over_grpc_are_the_recorded_ones_or_listed_as_different(group, verdicts):
    of_group = [v for v in verdicts.values() if v["group"] == group and v["id"] in GRPC_IDS]
    assert of_group
    different = [verdict for verdict in of_group if not verdict["ok"] and verdict["id"] not in LISTED_GRPC]
    assert not different, described(different)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("entry", sorted(LISTED_GRPC))
def test_a_listed_case_of_grpc_exists_and_differs(entry, verdicts):
    assert not verdicts[entry]["ok"]
    assert "failed" not in verdicts[entry]["got"]


def requests():
    """Of every gRPC call: its request, and the case whose answer it gets, if it is not a step before."""
    for case in GRPC:
        yield case["request"], case["id"]
        yield from ((step["request"], None) for step in case.get("before", ()) if step["transport"] == "grpc")


@pytest.mark.timeout(SLOW_S)
def test_a_client_that_knows_only_reflection_gets_the_same_answers(seldon_run, tmp_path, verdicts):
    """What it sends in every case means the same as what the client with the recorded messages has sent,
    and it reads the same from the answers that this one has got."""
    process = seldon_run("Identity", "GRPC", folder=CONFORMANCE / "models")
    with process.grpc_client() as client:
        tmp_path.joinpath("told.binpb").write_bytes(described_by(client.channel).SerializeToString())
    runner = recorded_cases.runner()
    files = (CONFORMANCE / "prediction.binpb", tmp_path / "told.binpb")
    recorded, told = map(runner.Messages, files)
    compared = 0
    for request, case in requests():
        method = recorded.method(request["service"], request["method"])
        of_told = told.method(request["service"], request["method"])
        if method is None:
            assert of_told is None, case
            continue
        asked, answered, is_stream = method
        assert of_told[2] == is_stream, case
        message = runner.filled(request).get("message", {})
        sent = recorded.encode(asked, message), told.encode(of_told[0], message)
        meant, told_meant = (asked.FromString(wire).SerializeToString(deterministic=True) for wire in sent)
        assert told_meant == meant, case
        answer = case and verdicts[case]["got"]["json"]
        if answer is not None:
            wire = recorded.encode(answered, answer)
            read, told_read = recorded.decode(answered, wire), told.decode(of_told[1], wire)
            assert json.dumps(told_read) == json.dumps(read), case  # as texts: a NaN equals no other
            compared += 1
    assert compared > 150
