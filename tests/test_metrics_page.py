"""The metrics page of a real process: the recorded cases, the documented table, workers that share it.

What differs from the recording is listed in ``docs/metrics.md``, by case id.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import random
import re
import shlex
import subprocess
import sys
import sysconfig
import threading
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("seldon_runtime_metrics")

from prometheus_client.parser import text_string_to_metric_families as parse_text

HERE = Path(__file__).parent / "conformance"
PAGE = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text()
LISTED = set(re.findall(r"^\| `(metrics-page/[\w-]+)` \|", PAGE, re.M))
HAS_GRPC = bool(entry_points(group="seldon_runtime.transport", name="grpc"))
API_TYPE = "REST,GRPC" if HAS_GRPC else "REST"
CHOSEN = {"METRICS": "prometheus", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
METERED = """
    class Model:
        def predict(self, X, features_names):
            return X

        def metrics(self):
            return [{"type": "COUNTER", "key": "rows", "value": 1}]
"""


def recorded():
    """The cases that need no package of the reference, nor a transport that is not installed."""
    for line in HERE.joinpath("corpus", "metrics-page.jsonl").read_text().splitlines():
        case = json.loads(line)
        of_base = HERE.joinpath("models_base", f"{case['model']}.py").exists()
        needs_base = of_base and importlib.util.find_spec("seldon_core") is None
        needs_grpc = any(step["transport"] == "grpc" for step in case.get("before", ()))
        reason = "needs seldon_core" if needs_base else "needs gRPC" if needs_grpc and not HAS_GRPC else None
        yield case, reason


RUNNABLE = {case["id"]: case for case, reason in recorded() if reason is None}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """The runner's verdict of each case that can run."""
    folder = tmp_path_factory.mktemp("cases")
    folder.joinpath("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in RUNNABLE.values()))
    program = shlex.quote(sysconfig.get_path("scripts") + "/seldon-run")
    metrics = "--metrics prometheus --no-metrics-runtime"
    command = f"{program} {{model}} {API_TYPE} --service-type {{service_type}} {metrics}"
    arguments = ["--cases", str(folder), "--json", str(folder / "verdicts.json"), "--command", command]
    done = subprocess.run(
        [sys.executable, str(HERE / "runner.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout  # 1: something differs
    results = json.loads(folder.joinpath("verdicts.json").read_text())["results"]
    return {verdict["id"]: verdict for verdict in results}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case["id"], marks=[pytest.mark.skip(reason)] if reason else [])
        for case, reason in recorded()
    ],
)
def test_the_page_is_the_recorded_one_or_the_case_is_listed_as_different(case, verdicts):
    verdict = verdicts[case]
    assert verdict["ok"] is (case not in LISTED), verdict["problems"]
    assert verdict["ok"] or verdict["oddity"]


def test_only_recorded_cases_are_listed():
    assert LISTED
    assert {case["id"] for case, _ in recorded()} >= LISTED


def page_of(process, path="/metrics"):
    """The text, and the samples by name and labels."""
    connection = http.client.HTTPConnection("127.0.0.1", process.ports["metrics"], timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text, {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


def total(process, name):
    return sum(value for (sample, _), value in page_of(process)[1].items() if sample == name)


def test_the_documented_table_is_what_stands_on_the_page(seldon_run):
    """All but what is not there before it happens."""
    model = """
        class Model:
            def predict(self, X, features_names):
                return X
    """
    process = seldon_run("Model", source=model, env=CHOSEN)
    assert process.post("/predict", {"strData": "a"}).status == 200
    assert process.post("/predict", {}).status == 400
    text, samples = page_of(process, "/metrics/runtime")
    rows = re.findall(r"^\| `((?:seldon_runtime|process)_\w+)` \| (\w+) \|([^|]*)\|", PAGE, re.M)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)", text, re.M))
    assert types == {
        name: kind for name, (kind, _) in documented.items() if name != "seldon_runtime_state_saves_total"
    }
    for (sample, labels), _ in samples.items():
        name = sample if sample in documented else re.sub("_(bucket|sum|count)$", "", sample)
        assert {label for label, _ in labels} - {"le"} == documented[name][1], sample


def test_the_page_answers_while_user_code_blocks_and_until_the_last_call_is_answered(seldon_run, gate):
    source = f"""
        class Model:
            def predict(self, X, features_names):
                {gate.pass_}
                return X
    """
    process = seldon_run("Model", source=source, env=CHOSEN)
    client = threading.Thread(target=process.post, args=("/predict", {"strData": "a"}))
    client.start()
    gate.wait_until_reached()
    assert total(process, "seldon_runtime_calls_running") == 1
    process.terminate()
    process.wait_for_log("draining")
    assert total(process, "seldon_runtime_ready") == 0
    assert total(process, "seldon_runtime_calls_running") == 1
    gate.open()
    client.join()
    assert process.wait() == 0


def test_metrics_can_be_turned_off(seldon_run):
    process = seldon_run("Model", source=METERED, env={"METRICS": "0"})
    assert set(process.ports) == {"rest"}


def test_a_strict_page_refuses_a_bad_name_before_the_answer_goes_out(seldon_run):
    source = METERED.replace("rows", "bad-name")
    strict = seldon_run("Model", "--metrics-strict", source=source, env=CHOSEN)
    answer = strict.post("/predict", {"strData": "a"})
    assert (answer.status, answer.json["status"]["reason"]) == (500, "MICROSERVICE_BAD_METRIC")
    assert "'bad-name'" in answer.info
    lenient = seldon_run("Model", source=source, env=CHOSEN)
    assert lenient.post("/predict", {"strData": "a"}).status == 200
    assert "bad-name" in lenient.wait_for_log("a metric of the component is not counted: .*").group()


class Caller:
    """Calls one process over REST or gRPC."""

    def __init__(self, process, transport):
        self.transport = transport
        port = process.ports[transport]
        if transport == "rest":
            self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        else:
            import grpc

            from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

            self._request = SeldonMessage(strData="a").SerializeToString()
            self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
            self._predict = self._channel.unary_unary("/seldon.protos.Model/Predict")

    def call(self):
        if self.transport == "grpc":
            self._predict(self._request, timeout=30)
            return
        self._http.request("POST", "/predict", b'{"strData":"a"}', {"Content-Type": "application/json"})
        answer = self._http.getresponse()
        answer.read()
        assert answer.status == 200

    def close(self):
        (self._http if self.transport == "rest" else self._channel).close()


@pytest.mark.timeout(180)
def test_totals_are_what_clients_counted_though_a_worker_is_killed(seldon_run, tmp_path):
    """2 workers, 4 clients, 2,000 mixed calls, one SIGKILL half way. Calls in flight then fail, and each may
    have been counted or not: nobody can know."""
    shared = CHOSEN | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}

    def start():
        return seldon_run("Model", API_TYPE, source=METERED, env=shared)

    workers = [start(), start()]
    counted, lost = [], []
    progress = threading.Semaphore(0)
    restart = threading.Lock()

    def client(seed):
        choose = random.Random(seed)
        transport = "grpc" if HAS_GRPC and seed % 2 else "rest"
        callers = {}
        for _ in range(500):
            with restart:
                process = workers[choose.randrange(2)]
            if process not in callers:
                callers[process] = Caller(process, transport)
            try:
                callers[process].call()
                counted.append(seed)
            except Exception as error:  # noqa: BLE001 - of either transport
                lost.append(error)
                callers.pop(process).close()
                with restart:
                    if workers[1] is process:
                        workers[1] = start()
            progress.release()
        for caller in callers.values():
            caller.close()

    clients = [threading.Thread(target=client, args=(seed,)) for seed in range(4)]
    for thread in clients:
        thread.start()
    for _ in range(1000):
        progress.acquire()
    workers[1].kill()
    for thread in clients:
        thread.join()
    assert len(counted) + len(lost) == 2000
    assert 1 <= len(lost) <= 4
    for process in workers:
        for name in (
            "rows_total",
            "seldon_runtime_calls_total",
            "seldon_runtime_call_duration_seconds_count",
        ):
            assert len(counted) <= total(process, name) <= len(counted) + len(lost), name
        assert total(process, "seldon_runtime_ready") == 2
        assert total(process, "seldon_runtime_starts_total") == 3
