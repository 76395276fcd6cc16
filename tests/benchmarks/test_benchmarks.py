"""The benchmark measures what it says, of servers whose answers are known."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.running import running
from benchmarks.tables import bare_server, mixed_columns, own_servers
from tests.support.http_client import HttpClient
from tests.support.paths import ROOT

Start = Callable[..., Any]

SLOW = """
    import time

    class Slow:
        def predict(self, X, features_names):
            time.sleep(0.02)
            return X
"""
LATENCIES = """
import json, sys
from types import SimpleNamespace
from benchmarks.fixed_rate import latencies_ms

server = SimpleNamespace(path="/predict", body=b'{"strData":"x"}')
print(json.dumps(latencies_ms(SimpleNamespace(server=server, http=int(sys.argv[1])), float(sys.argv[2]), 2)))
"""

ONE_BY_ONE = '''
from dataclasses import replace

from benchmarks import load
from benchmarks.measuring import Plan, all_running
from benchmarks.servers import ours

STEP = """
class Identity:
    def predict(self, X, names):
        assert X[0][0] == {}
        return X + 1
"""
BODY = b'{"data":{"ndarray":[[5]]}}'
servers = [replace(ours(), body=BODY, files={"Identity.py": STEP.format(n)}) for n in (5, 6)]
with all_running(Plan(), servers) as started:
    found = load.one_by_one(started, Plan().load_processor, 2, 0.5)
print(found.rate, found.processor_us)
'''


def python(*words: str) -> str:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, check=True, capture_output=True, text=True, timeout=250
    ).stdout


def test_a_call_that_waits_for_others_is_late_since_it_was_due(seldon_run: Start) -> None:
    server = seldon_run("Slow", "REST", source=SLOW)
    found = json.loads(python("-c", LATENCIES, str(server.port), "20"))
    assert len(found) == 40
    assert min(found) >= 20
    late = json.loads(python("-c", LATENCIES, str(server.port), "60"))  # 50 a second is all it can
    assert late is None or max(late) > 200


def test_a_server_that_does_not_keep_up_has_no_latency(seldon_run: Start) -> None:
    server = seldon_run("Slow", "REST", source=SLOW)
    assert json.loads(python("-c", LATENCIES, str(server.port), "200")) is None


def test_servers_that_are_called_one_by_one_receive_the_answer_of_the_one_before() -> None:
    rate, processor_us = map(float, python("-c", ONE_BY_ONE).split())
    assert rate > 0
    assert processor_us > 0


@pytest.mark.timeout(300)
def test_the_page_is_written_from_what_was_found(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    words = ("-m", "benchmarks", "--only", "allocations", "--rounds", "1")
    python(*words, "--output", str(output), "--docs", str(tmp_path))
    results = json.loads(output.read_text())
    results["findings"] += [
        {"section": "throughput", "row": "REST", "subject": s, "measure": "calls/s", "values": values}
        for s, values in {"seldon": [60.0, 10.0, 70.0], "bare": [100.0, 100.0, 100.0]}.items()
    ]
    output.write_text(json.dumps(results))
    python("-m", "benchmarks", "--report-only", str(output), "--docs", str(tmp_path))
    page = (tmp_path / "benchmarks.md").read_text()
    assert "| REST | 60 | 100 | 0.60 |" in page
    assert "| REST, 4 numbers | seldon |" in page
    assert ">60</text>" in (tmp_path / "benchmarks.svg").read_text()


PACED = """
    import time

    class Paced:
        def predict(self, X, features_names):
            if X == "time":
                yield str(time.monotonic_ns() - 20_000_000)
            for _ in range(int(X) if X.isdigit() else 0):
                time.sleep(0.001)
                yield "x"
            while not X:
                time.sleep(0.001)
                yield "x"
"""
"""Yields an item each millisecond, or a time 20 ms ago."""


def test_clients_of_streams_measure_what_the_component_yields(seldon_run: Start) -> None:
    port = str(seldon_run("Paced", "REST", source=PACED).port)
    (rate, *_) = json.loads(python("-m", "benchmarks.stream_clients", port, "items", "100", "0"))
    assert 0 < rate <= 1000
    taken = json.loads(python("-m", "benchmarks.stream_clients", port, "first", "5", "0"))
    assert len(taken) == 5
    assert min(taken) >= 20
    counts = json.loads(python("-m", "benchmarks.stream_clients", port, "shares", "3", "0.5"))
    assert len(counts) == 3
    assert min(counts) > 0


def test_every_form_of_the_table_is_answered(seldon_run: Start) -> None:
    source = (ROOT / "benchmarks" / "programs" / "Table.py").read_text()
    server = seldon_run("Table", "REST", source=source, env={"SELDON_PROTOCOLS": "v1,v2"})
    with HttpClient(server.port) as client:
        for form in own_servers(mixed_columns()):
            answer = client.request("POST", form.path, form.body, dict(form.headers))
            assert answer.status == 200, form.name


def test_the_bare_server_of_tables_answers_the_table_that_it_receives() -> None:
    records, by_v2 = map(bare_server, own_servers(mixed_columns())[:2])
    with running(records, None) as server:
        assert json.loads(server.ask()) == json.loads(records.body)
    with running(by_v2, None) as server:
        assert json.loads(server.ask())["outputs"] == json.loads(by_v2.body)["inputs"]


@pytest.mark.parametrize(("before", "status"), [(1000, 0), (900, 1), (2000, 0)])
def test_a_call_may_take_a_few_more_instructions_than_the_baseline(before: int, status: int) -> None:
    code = (
        f"from benchmarks.instructions import compare; print(compare({{'a': 1010}}, {{'a': {before}}}, 0.02))"
    )
    assert python("-c", code).splitlines()[-1] == str(status)


@pytest.mark.parametrize(
    ("samples", "grown"),
    [
        ("[*range(50, 100, 2), *[100] * 90, 900, *[100] * 9]", False),
        ("[100 + second / 20 for second in range(125)]", True),
    ],
    ids=["a warm-up and a peak", "a leak"],
)
def test_memory_that_a_soak_compares_is_that_which_stays(samples: str, grown: bool) -> None:
    code = f"from benchmarks.soak import growth; before, after, _ = growth({samples}); print(after > before)"
    assert python("-c", code).strip() == str(grown)


def test_a_soaks_clients_check_every_answer(seldon_run: Start) -> None:
    source = (ROOT / "benchmarks" / "programs" / "Soaked.py").read_text()
    source = source.replace("return X", "return X * 2 if isinstance(X, str) else X")
    ports = seldon_run("Soaked", "REST,GRPC", source=source).ports
    code = (
        "import json; from benchmarks.soak_clients import Clients\n"
        f"with Clients({ports['rest']}, {ports['grpc']}) as clients: "
        "tally = clients.run(1.0, {'REST': 64, 'gRPC': 48})\n"
        "print(json.dumps([tally.calls, tally.failed, tally.failures]))"
    )
    calls, failed, failures = json.loads(python("-c", code))
    assert (calls, failed) == (112, 16 + 8), failures
    assert "wrong answer" in failures[0]


@pytest.mark.timeout(300)
def test_a_mixed_soak_finds_no_wrong_answer_of_a_right_server_and_names_each_kind() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.mixed_soak", "--minutes", "0.05"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert re.search(r"^wrong: 0$", ran.stdout, re.M), ran.stdout + ran.stderr  # memory is still growing
    for kind in ("batched V2", "joined", "awaited events", "left streams", "gRPC streams"):
        assert re.search(rf"[1-9]\d* {kind}", ran.stdout), ran.stdout


def test_a_mixed_soak_finds_a_wrong_answer(seldon_run: Start) -> None:
    """The server answers ``predict`` with its input: the soak expects twice that."""
    server = seldon_run("Slow", "REST", source=SLOW)
    code = (
        "import sys; from types import SimpleNamespace; from benchmarks.mixed_soak import _batched\n"
        "found, wanted = _batched(SimpleNamespace(http=int(sys.argv[1])), 1)\nprint(found == wanted)"
    )
    assert python("-c", code, str(server.port)) == "False\n"


@pytest.mark.timeout(300)
def test_a_soak_finds_all_calls_on_the_metrics_page() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.03"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert "failures: 0\n" in ended.stdout, ended.stdout + ended.stderr
    counted, answered = (
        ended.stdout.partition("counted on the metrics page: ")[2].split("\n")[0].split(" of ")
    )
    assert counted == answered
    assert int(counted) > 0


@pytest.mark.skipif(shutil.which("h2load") is None, reason="h2load is not installed")
def test_a_server_is_weighed_while_it_gets_calls_of_one_kind() -> None:
    first, *weights = python("-m", "benchmarks.leaks", "grpc-nothing", "--calls", "100").splitlines()
    assert first == "grpc-nothing, seldon, 1 worker(s)"
    assert [int(weight.split()[0]) for weight in weights] == [*range(0, 101, 10)]


def test_the_time_without_a_worker_is_measured() -> None:
    found = python("-m", "benchmarks.respawn", "--kills", "1", "--transports", "REST")
    assert re.fullmatch(r"REST: the next answer came after (\S+) s \(\1 to \1\)\n", found)
