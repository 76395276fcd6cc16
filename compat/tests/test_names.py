"""Names that tests and servers of users import, beyond what the recorded calls show."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from seldon_core import seldon_methods, utils, wrapper
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.imports_helper import _TF_PRESENT
from seldon_core.metrics import DEFAULT_LABELS, SeldonMetrics, create_counter, create_timer
from seldon_core.proto import prediction_pb2 as pb


class Threaded:
    """Knows the thread of its call."""

    def predict(self, X: Any, names: Any) -> str:
        return threading.current_thread().name

    def metrics(self) -> list[dict[str, Any]]:
        return [create_counter("calls", 1)]


class Raw:
    """Answers whole messages itself."""

    def predict_raw(self, message: Any) -> Any:
        return {"strData": "raw", "meta": {"metrics": [create_counter("raws", 2)]}}

    def transform_input_rest(self, message: Any) -> Any:
        return {"strData": f"old {message['strData']}"}


def samples(metrics: SeldonMetrics) -> dict[str, float]:
    """The sum of all samples of a name, over the methods."""
    sums: dict[str, float] = defaultdict(float)
    for family in metrics.collect():
        for sample in family.samples:
            sums[sample.name] += sample.value
    return sums


def test_user_code_runs_on_the_callers_thread_and_its_metrics_count() -> None:
    metrics = SeldonMetrics()
    answer = seldon_methods.predict(Threaded(), {"strData": "x"}, metrics)
    assert answer["strData"] == threading.current_thread().name
    seldon_methods.predict(Threaded(), pb.SeldonMessage(strData="x"), metrics)
    seldon_methods.predict(Raw(), {"strData": "x"}, metrics)
    seldon_methods.send_feedback(Threaded(), {"reward": 0.5}, None, metrics)
    assert (samples(metrics)["calls_total"], samples(metrics)["raws_total"]) == (3.0, 2.0)
    assert samples(metrics)["seldon_api_model_feedback_reward_total"] == 0.5
    metrics.clear()
    assert samples(metrics) == {}


def test_older_wire_methods_answer_too() -> None:
    assert seldon_methods.transform_input(Raw(), {"strData": "x"}) == {"strData": "old x"}


def test_a_bad_result_is_the_components_fault() -> None:
    with pytest.raises(SeldonMicroserviceException) as refusal:
        seldon_methods.predict(SimpleNamespace(predict=lambda X, names: object()), {"strData": "x"})
    assert (refusal.value.status_code, refusal.value.reason) == (500, "MICROSERVICE_INTERNAL_ERROR")


def test_metrics_are_checked_and_have_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, registry = SeldonMetrics(extra_default_labels={"team": "t"}), CollectorRegistry()
    metrics.update([create_timer("took", 1500)], "predict")
    with pytest.raises(SeldonMicroserviceException, match="invalid custom metrics") as refusal:
        metrics.update([{"key": "k"}], "predict")
    assert refusal.value.reason == "MICROSERVICE_BAD_METRIC"
    with pytest.raises(ValueError, match="the method is 'fly', expected predict"):
        metrics.update([create_counter("k", 1)], "fly")
    registry.register(metrics)  # type: ignore[arg-type]  # a collector by its method
    page = generate_latest(registry).decode()
    assert 'team="t"' in page
    assert "took_sum" in page
    assert all(f'{name}="' in page for name in DEFAULT_LABELS)


@pytest.mark.parametrize("shown", ["true", "false"])
def test_metrics_of_raw_answers_count_and_are_shown_or_not(
    monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    monkeypatch.setenv("INCLUDE_METRICS_IN_CLIENT_RESPONSE", shown)
    metrics = SeldonMetrics()
    given: dict[str, Any] = {"meta": {"metrics": [create_counter("dicts", 1)]}}
    message = utils.json_to_seldon_message({"meta": {"metrics": [create_counter("messages", 1)]}})
    seldon_methods.handle_raw_custom_metrics(given, metrics, False, "predict")
    seldon_methods.handle_raw_custom_metrics(message, metrics, True, "predict")
    seldon_methods.handle_raw_custom_metrics({"strData": "x"}, metrics, False, "predict")
    assert samples(metrics) == {"dicts_total": 1.0, "messages_total": 1.0}
    assert ("metrics" in given["meta"], len(message.meta.metrics) == 1) == (shown == "true", shown == "true")


def test_the_metadata_of_the_environment_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_METADATA", '{"name": "mine"}')
    document = seldon_methods.init_metadata(SimpleNamespace(init_metadata=lambda: {"name": "own"}))
    assert document is not None
    assert document["name"] == "mine"


def test_tracing_has_the_global_tracer_or_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentracing", None)
    with pytest.raises(ImportError, match="OpenTelemetry"):
        utils.setup_tracing("Model")
    monkeypatch.setitem(sys.modules, "opentracing", SimpleNamespace(global_tracer=lambda: "tracer"))  # type: ignore[arg-type]
    assert utils.setup_tracing("Model") == "tracer"


def test_only_the_metrics_page_is_served() -> None:
    client = wrapper.get_metrics_microservice(SeldonMetrics()).test_client()
    assert client.get("/metrics").mimetype == "text/plain"
    assert client.get("/").status_code == 404


@pytest.mark.parametrize("modules", ["seldon_core", "seldon_core.seldon_methods, seldon_core.seldon_client"])
def test_an_import_brings_no_library_that_it_does_not_use(modules: str) -> None:
    libraries = ("grpc", "flask", "prometheus_client", "urllib.request", "requests")
    program = f"import sys, {modules}; print([name for name in {libraries} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tensorflow_is_looked_for_and_not_imported() -> None:
    assert isinstance(_TF_PRESENT, bool)
    assert "tensorflow" not in sys.modules
