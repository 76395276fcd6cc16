"""When metrics and rewards are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seldon_runtime.plugin import Identity, Method, Metric, SeldonError

from .samples import counter


def test_a_client_that_has_its_answer_finds_its_metrics_on_the_page(served):
    """Counted before the answer goes out, not after."""
    pages = []
    call = served.make_call({"jsonData": [counter("rows", 1)]})
    served.service.submit(call, lambda answer, error: pages.append(served.page()))
    served.executor.run(lambda: None)
    assert "\nrows_total{" in pages[0]


def test_metrics_that_are_hidden_from_the_client_count(served):
    assert "metrics" not in served.measure(counter("rows", 1))["meta"]
    assert served.value("rows_total") == 1


def test_metrics_of_the_nodes_of_a_graph_have_the_labels_of_each(served):
    node = Identity("node", "acme/node:2", "shop", "canary")
    call = served.make_call({"jsonData": [counter("rows", 1)]})
    call.unit_metrics = [
        (node, Method.ROUTE, [Metric("rows", "COUNTER", 2.0)]),
        (replace(node, predictor="main"), Method.ROUTE, [Metric("rows", "COUNTER", 5.0)]),
    ]
    for _ in range(2):
        served.service.call(call)
    canary = {"model_name": "node", "model_version": "2", "method": "router", "predictor_name": "canary"}
    assert served.value("rows_total", **canary) == 4
    assert served.value("rows_total", **{**canary, "predictor_name": "main"}) == 10
    assert served.value("rows_total", method="predict") == 2


class TestFeedback:
    def test_and_its_reward_are_counted(self, served):
        for reward in (1, 0.5, 2):
            served.call({"reward": reward}, Method.SEND_FEEDBACK)
        assert served.value("seldon_api_model_feedback_total", method="feedback") == 3
        assert served.value("seldon_api_model_feedback_reward_total", method="feedback") == 3.5

    def test_counts_though_the_component_fails(self, served):
        with pytest.raises(SeldonError, match="unlucky"):
            served.call({"reward": 13}, Method.SEND_FEEDBACK)
        assert served.value("seldon_api_model_feedback_total") == 1
        assert served.value("seldon_api_model_feedback_reward_total") == 13

    def test_with_reward_0_is_not_counted(self, served):
        served.call({"reward": 0}, Method.SEND_FEEDBACK)
        assert served.value("seldon_api_model_feedback_total") is None

    def test_with_a_negative_reward_is_a_penalty(self, served):
        served.call({"reward": -2}, Method.SEND_FEEDBACK)
        assert served.value("seldon_api_model_feedback_total") == 1
        assert served.value("seldon_api_model_feedback_reward_total") == 0
        assert served.value("seldon_runtime_feedback_penalty_total") == 2

    def test_is_not_counted_when_the_executor_does_it(self, serve):
        served = serve(metrics_feedback=False)
        served.call({"reward": 1}, Method.SEND_FEEDBACK)
        assert served.value("seldon_api_model_feedback_total") is None


class Raw:
    """Answers with metrics in the meta of a raw method's answer."""

    def __init__(self, *metrics):
        self.metrics_wanted = list(metrics)

    def predict_raw(self, request):
        return {"strData": "raw", "meta": {"metrics": self.metrics_wanted}}


class TestMetricsOfARawMethod:
    def test_are_counted(self, serve):
        served = serve(Raw(counter("rows", 2)))
        served.call({"strData": "a"})
        assert served.value("rows_total", method="predict") == 2

    def test_are_dropped_if_invalid_and_never_fail_the_call_in_strict_mode(self, serve):
        served = serve(Raw(counter("my-key", 1), counter("rows", 2)), metrics_strict=True)
        assert served.call({"strData": "a"})["strData"] == "raw"
        assert served.value("rows_total") == 2
        assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="bad_name") == 1


def test_metrics_count_once_in_strict_mode(serve):
    served = serve(metrics_strict=True)
    for _ in range(3):
        served.measure(counter("rows", 1))
    assert served.value("rows_total") == 3
