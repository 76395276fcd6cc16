"""The recorded gRPC cases; and whether a client that asks for the messages by reflection is as well off.

What differs from the recording is listed in ``docs/grpc.md``, by case id.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import grpc
import pytest
from google.protobuf import wrappers_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

HERE = Path(__file__).parent / "conformance"
RUNNER = HERE / "runner.py"
PAGE = Path(__file__).parents[1] / "docs" / "grpc.md"
SLOW_S = 900


def recorded():
    """The cases of gRPC that need no package of the reference."""
    lines = [line for file in sorted(HERE.glob("corpus/*.jsonl")) for line in file.read_text().splitlines()]
    for case in map(json.loads, filter(str.strip, lines)):
        of_base = HERE.joinpath("models_base", f"{case['model'].partition('.')[0]}.py").exists()
        if case["transport"] == "grpc" and not case["group"].startswith("legacy") and not of_base:
            yield case


CASES = list(recorded())
GROUPS = sorted({case["group"] for case in CASES})
LISTED = {
    entry for entry in re.findall(r"`([\w-]+/[\w-]+)`", PAGE.read_text()) if entry.partition("/")[0] in GROUPS
}


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


def run(folder, cases, transports):
    """The runner's verdicts by case id."""
    folder.joinpath("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    program = shlex.quote(sysconfig.get_path("scripts") + "/seldon-run")
    done = subprocess.run(
        [
            *(sys.executable, str(RUNNER), "--jobs", "2", "--cases", str(folder)),
            *("--json", str(folder / "verdicts.json")),
            *("--command", f"{program} {{model}} {transports} --service-type {{service_type}}"),
        ],
        env={**os.environ, "METRICS": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout  # 1: something differs
    results = json.loads(folder.joinpath("verdicts.json").read_text())["results"]
    return {verdict["id"]: verdict for verdict in results}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """REST is served beside where a case asks it too."""
    transports = {
        case["id"]: {"grpc", *(step["transport"] for step in case.get("before", ()))} for case in CASES
    }
    alone = [{**case, "no_port": ["http"]} for case in CASES if transports[case["id"]] == {"grpc"}]
    others = [case for case in CASES if transports[case["id"]] != {"grpc"}]
    assert others
    return run(tmp_path_factory.mktemp("alone"), alone, "GRPC") | run(
        tmp_path_factory.mktemp("others"), others, "REST,GRPC"
    )


def described(verdicts):
    return "\n".join(f"{verdict['id']}: {'; '.join(verdict['problems'])}" for verdict in verdicts)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("group", GROUPS)
def test_answers_are_the_recorded_ones_or_listed_as_different(group, verdicts):
    of_group = [verdict for verdict in verdicts.values() if verdict["group"] == group]
    assert of_group
    different = [verdict for verdict in of_group if not verdict["ok"] and verdict["id"] not in LISTED]
    assert not different, described(different)


@pytest.mark.timeout(SLOW_S)
@pytest.mark.parametrize("entry", sorted(LISTED))
def test_a_listed_case_exists_and_differs(entry, verdicts):
    assert not verdicts[entry]["ok"]
    assert "failed" not in verdicts[entry]["got"]


@pytest.fixture
def runner():
    """The module: its gRPC client knows the messages that are in a file."""
    spec = spec_from_file_location("runner", RUNNER)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def requests():
    """Of every gRPC call: its request, and the case whose answer it gets, if it is not a step before."""
    for case in CASES:
        yield case["request"], case["id"]
        yield from ((step["request"], None) for step in case.get("before", ()) if step["transport"] == "grpc")


@pytest.mark.timeout(SLOW_S)
def test_a_client_that_knows_only_reflection_gets_the_same_answers(seldon_run, tmp_path, runner, verdicts):
    """What it sends in every case means the same as what the client with the recorded messages has sent,
    and it reads the same from the answers that this one has got."""
    process = seldon_run("Identity", "GRPC", folder=HERE / "models")
    with grpc.insecure_channel(
        f"127.0.0.1:{process.ports['grpc']}", options=[("grpc.enable_http_proxy", 0)]
    ) as channel:
        tmp_path.joinpath("told.binpb").write_bytes(described_by(channel).SerializeToString())
    recorded, told = (runner.Messages(path) for path in (HERE / "prediction.binpb", tmp_path / "told.binpb"))
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
