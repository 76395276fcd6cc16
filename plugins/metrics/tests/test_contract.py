"""The observer and the interceptor as everyone's: the public contract suites."""

from __future__ import annotations

import click

from seldon_runtime.settings import Settings
from seldon_runtime.testing import InterceptorContract, ObserverContract
from seldon_runtime_metrics import plugin

CALLS = "seldon_runtime_calls_total"


def settings():
    command = click.Command("seldon-run", params=[*plugin.seldon_options()])
    return Settings(
        command.make_context("seldon-run", ["--metrics-port", "0"]).params | {"host": "127.0.0.1"}
    )


class TestMetricsObserver(ObserverContract):
    def make_observer(self):
        return plugin.seldon_observer(settings())

    def calls_seen(self, observer):
        families = observer._instruments._store.collect()
        return sum(sample.value for family in families for sample in family.samples if sample.name == CALLS)


class TestMetricsInterceptor(InterceptorContract):
    def make_interceptor(self, service):
        return plugin.seldon_interceptor(service, settings())
