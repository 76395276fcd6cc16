"""The metrics page of a real process: the recorded cases, the documented table.

What differs from the recording is listed in ``docs/reference/metrics.md``, by case id.
"""

from __future__ import annotations

import base64
import re
import signal
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seldon_runtime.testing import wait_until
from tests.support import recorded_cases
from tests.support.components import ECHO
from tests.support.paths import DOCS

PAGE = (DOCS / "reference/metrics.md").read_text()
LISTED = set(re.findall(r"^\| `(metrics-page/[\w-]+)` \|", PAGE, re.M))
CASES = [case for case in recorded_cases.recorded() if case["group"] == "metrics-page"]
CHOSEN = {"METRICS": "prometheus", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
METERED = """
    class Model:
        def predict(self, X, features_names):
            return X

        def metrics(self):
            return [{"type": "COUNTER", "key": "rows", "value": 1}]
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """gRPC is served beside where a case asks it too."""

    def verdicts_of(cases, transports):
        words = f"{{model}} {transports} --service-type {{service_type}}"
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("METRICS", raising=False)
            return recorded_cases.run(cases, tmp_path_factory.mktemp("cases"), words)

    with_grpc = [
        case for case in CASES if any(step["transport"] == "grpc" for step in (case, *case.get("before", ())))
    ]
    assert with_grpc
    plain = [case for case in CASES if case not in with_grpc]
    return verdicts_of(plain, "REST") | verdicts_of(with_grpc, "REST,GRPC")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", [case["id"] for case in CASES])
def test_the_page_is_the_recorded_one_or_the_case_is_listed_as_different(case, verdicts):
    verdict = verdicts[case]
    assert verdict["ok"] is (case not in LISTED), verdict["problems"]
    assert verdict["ok"] or (verdict["oddity"] and "failed" not in verdict["got"])


def test_only_recorded_cases_are_listed():
    assert LISTED
    assert {case["id"] for case in CASES} >= LISTED


def page_of(process, path="/metrics"):
    """The text, and the samples by name and labels."""
    with process.client("metrics") as client:
        answer = client.get(path)
    assert answer.status == 200, answer.text
    return answer.text, {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(answer.text)
        for sample in family.samples
    }


def total(process, name):
    return sum(value for (sample, _), value in page_of(process, "/metrics/all")[1].items() if sample == name)


def test_the_documented_table_is_what_stands_on_the_page(seldon_run):
    """All but what is not there before it happens."""
    state = {"PERSISTENCE": "file", "PERSISTENCE_REQUIRE_SIGNATURE": "false"}
    source = ECHO + "\n        def transform_input(self, X, names):\n            yield from X\n"
    process = seldon_run("Echo", source=source, env=CHOSEN | state | {"SELDON_EXTENSIONS": "batching"})
    assert process.post("/predict", {"strData": "a"}).status == 200
    assert process.post("/predict", {}).status == 400
    stream = process.post("/transform-input", {"strData": "ab"}, {"Accept": "application/x-ndjson"})
    assert len(stream.body.splitlines()) == 2
    process.process.send_signal(signal.SIGUSR1)
    saved = "seldon_runtime_state_saved_timestamp_seconds"
    wait_until(lambda: saved in page_of(process, "/metrics/runtime")[0], "the state is saved")
    text, samples = page_of(process, "/metrics/runtime")
    rows = re.findall(r"^\| `((?:seldon_runtime|process)_\w+)` \| (\w+) \|([^|]*)\|", PAGE, re.M)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)", text, re.M))
    assert types == {name: kind for name, (kind, _) in documented.items()}
    for (sample, labels), _ in samples.items():
        name = sample if sample in documented else re.sub("_(bucket|sum|count)$", "", sample)
        assert {label for label, _ in labels} - {"le"} == documented[name][1], sample


def test_a_client_that_has_its_answer_finds_its_call_on_the_page(seldon_run):
    process = seldon_run("Model", "REST,GRPC", source=METERED, env=CHOSEN)
    for number in range(1, 51):
        assert process.post("/predict", {"strData": "a"}).status == 200
        assert total(process, "seldon_runtime_calls_total") == number
        assert total(process, "rows_total") == number


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
    assert total(process, "seldon_runtime_ready") == 1
    process.terminate()
    process.wait_for_log("draining")
    end = time.monotonic() + 0.3  # a page that does not wait for the last call is closed by then
    while time.monotonic() < end:
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
    assert "bad-name" in lenient.wait_for_log("custom metric not counted: .*").group()


def test_what_user_code_does_with_prometheus_client_is_its_own_and_works(seldon_run, tmp_path):
    """It stands on the page of one worker; on that of several, summed up, if there is a folder for them."""
    source = """
        import prometheus_client

        OWN = prometheus_client.Counter("own", "Of the user.")

        class Model:
            def predict(self, X, features_names):
                OWN.inc(2)
                return prometheus_client.generate_latest()
    """
    for workers in ("1", "2"):
        process = seldon_run("Model", "REST", "--workers", workers, source=source, env=CHOSEN)
        assert b"own_total 2.0" in base64.b64decode(
            process.post("/predict", {"strData": "a"}).json["binData"]
        )
        assert total(process, "own_total") == {"1": 2, "2": 0}[workers]
        assert total(process, "seldon_runtime_calls_total") == 1
    folder = tmp_path / "folder"
    folder.mkdir()
    environment = CHOSEN | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    process = seldon_run("Model", "REST", "--workers", "2", source=source, env=environment)
    for _ in range(10):
        assert process.post("/predict", {"strData": "a"}).status == 200
    assert total(process, "own_total") == 20
    assert total(process, "seldon_runtime_calls_total") == 10
