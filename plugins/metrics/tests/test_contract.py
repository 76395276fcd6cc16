"""The public contract suites, for the observer and the interceptors."""

from __future__ import annotations

import click

from seldon_runtime.plugin import Settings
from seldon_runtime.testing import InterceptorContract, ObserverContract
from seldon_runtime_metrics.plugin import MetricsPlugin

CALLS = "seldon_runtime_calls_total"


def settings(*words):
    command = click.Command("seldon-run", params=[*MetricsPlugin().seldon_options()])
    return Settings(
        command.make_context("seldon-run", ["--metrics-port", "0", *words]).params | {"host": "127.0.0.1"}
    )


class TestMetricsObserver(ObserverContract):
    def make_observer(self):
        return MetricsPlugin().seldon_observer(settings())

    def calls_seen(self, observer):
        families = observer._instruments._store.collect()
        return sum(sample.value for family in families for sample in family.samples if sample.name == CALLS)


class TestStrictInterceptor(InterceptorContract):
    def make_interceptor(self, service):
        return MetricsPlugin().seldon_interceptor(service, settings("--metrics-strict"))


class TestMetricsInterceptor(InterceptorContract):
    def make_interceptor(self, service):
        return MetricsPlugin().seldon_interceptor(service, settings())
