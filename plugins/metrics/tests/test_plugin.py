"""The options, as click takes them."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from seldon_runtime_metrics.plugin import MetricsPlugin


def values(*words, **environment):
    command = click.Command("seldon-run", params=[*MetricsPlugin().seldon_options()])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return command.make_context("seldon-run", list(words)).params


def test_the_protocol_s_variables_place_the_page():
    found = values(
        PREDICTIVE_UNIT_METRICS_SERVICE_PORT="7000", PREDICTIVE_UNIT_METRICS_ENDPOINT="/prometheus"
    )
    assert (found["metrics_port"], found["metrics_endpoint"]) == (7000, "/prometheus")
    assert (values()["metrics_port"], values()["metrics_endpoint"]) == (6000, "/metrics")


@pytest.mark.parametrize(("given", "path"), [("metrics", "/metrics"), ("/a/b/", "/a/b"), ("/", "/")])
def test_the_path_always_begins_with_a_slash(given, path):
    assert values("--metrics-endpoint", given)["metrics_endpoint"] == path


@pytest.mark.parametrize("given", ["/a b", "/a?b", "/a#b", "/é", "/a\nb"])
def test_what_is_no_path_is_refused(given):
    with pytest.raises(click.BadParameter, match="must be a URL path"):
        values("--metrics-endpoint", given)


@pytest.mark.parametrize(
    ("given", "counted"), [("false", False), ("FALSE", False), ("true", True), ("0", True)]
)
def test_only_false_stops_the_counting_of_feedback(given, counted):
    assert values(SELDON_EXECUTOR_ENABLED=given)["metrics_feedback"] is counted


@pytest.mark.parametrize(("given", "bounds"), [("0.01, 0.1,1", (0.01, 0.1, 1.0)), ("5", (5.0,)), (" ", ())])
def test_the_bounds_of_timers_are_seconds_with_commas_between(given, bounds):
    assert values(SELDON_METRICS_TIMER_BUCKETS=given)["metrics_timer_buckets"] == bounds


@pytest.mark.parametrize("given", ["1,x", "1,,2", "1,1", "2,1", "0,1", "-1,1", "1,inf", "nan", "1;2"])
def test_bounds_that_do_not_ascend_from_above_0_are_refused(given):
    with pytest.raises(click.BadParameter, match="must be seconds above 0"):
        values("--metrics-timer-buckets", given)


def test_importing_the_plugin_does_not_import_prometheus_client():
    code = "import sys, seldon_runtime_metrics.plugin; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
