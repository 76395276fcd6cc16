"""Metrics that user code makes with prometheus-client itself, on the page of a process alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import prometheus_client
import pytest


@contextmanager
def registered(collector) -> Iterator[None]:
    prometheus_client.REGISTRY.register(collector)
    try:
        yield
    finally:
        prometheus_client.REGISTRY.unregister(collector)


@pytest.fixture
def own():
    counter = prometheus_client.Counter("own", "Of the user.", ["zone"], registry=None)
    with registered(counter):
        yield counter


def test_they_stand_on_the_components_own_page_and_on_that_of_all(serve, own):
    served = serve(metrics_runtime=False)
    own.labels("a").inc(3)
    for path, there in {"/metrics": True, "/metrics/all": True, "/metrics/runtime": False}.items():
        samples = served.samples(path)
        assert (samples.get(("own_total", frozenset({("zone", "a")}))) == 3) is there


def test_what_prometheus_client_registers_by_itself_stays_away(serve):
    assert "python_info" not in serve().page("/metrics/all")
    assert serve(metrics_runtime=False).page("/metrics") == ""


def test_a_name_that_is_taken_is_left_out(served, own):
    served.measure({"type": "GAUGE", "key": "own", "value": 1})
    assert [name for name, _ in served.samples() if name.startswith("own")] == ["own"]


def test_a_collector_that_fails_costs_the_page_nothing_else(served, caplog):
    class Broken:
        def describe(self):
            return []

        def collect(self):
            raise ValueError("no database")

    with registered(Broken()):
        assert served.value("seldon_runtime_ready") is not None
        assert "a collector in prometheus-client's default registry failed" in caplog.text
        assert "no database" in caplog.text
