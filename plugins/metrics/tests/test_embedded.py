"""Metrics that a program counts without a server."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from seldon_runtime.plugin import Identity, Method, Metric
from seldon_runtime_metrics.embedded import EmbeddedMetrics


def test_metrics_of_calls_and_rewards_are_on_the_page_with_the_components_names() -> None:
    metrics = EmbeddedMetrics(Identity(unit="unit", image="image:1"))
    metrics.count(Method.PREDICT, [Metric("rows", "COUNTER", 2.0, {"a": "b"})])
    metrics.count(Method.PREDICT, [Metric("rows", "COUNTER", 3.0, {"a": "b"})])
    metrics.count_reward(0.5)
    page, content_type = metrics.page()
    assert content_type.startswith("text/plain")
    (line,) = [line for line in page.decode().splitlines() if line.startswith("rows_total{")]
    assert line.endswith(" 5.0")
    for label in ('model_name="unit"', 'image_version="1"', 'method="predict"', 'a="b"'):
        assert label in line
    assert "seldon_api_model_feedback_reward_total{" in page.decode()
    assert "seldon_runtime_" not in page.decode()
    assert metrics.page("application/openmetrics-text")[1].startswith("application/openmetrics-text")


def test_a_registry_of_prometheus_client_collects_them() -> None:
    metrics, registry = EmbeddedMetrics(Identity(), {"team": "t"}), CollectorRegistry()
    metrics.count(Method.ROUTE, [Metric("level", "GAUGE", 7.0, {})])
    registry.register(metrics)
    assert [family.name for family in metrics.collect()] == ["level"]
    for label in ('method="router"', 'team="t"'):
        assert label in generate_latest(registry).decode()
