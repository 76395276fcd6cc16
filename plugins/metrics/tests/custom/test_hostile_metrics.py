"""Whatever user code calls a metric: the page stays one that Prometheus can read."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from seldon_runtime.plugin import Method, Metric
from seldon_runtime_metrics.custom.counting import BOUNDS_S, CustomMetrics
from seldon_runtime_metrics.page.page import Page, Part
from seldon_runtime_metrics.runtime.instruments import Instruments
from seldon_runtime_metrics.series.store import Store

TEXT = st.text(max_size=20) | st.sampled_from(
    ["a", "a_total", "a_bucket", "a_sum", "le", "pid", "method", "b"]
)
KEY = TEXT | st.from_regex(r"[a-c]_?(total|count|sum|bucket|created|info)?", fullmatch=True)
METRIC = st.builds(
    Metric,
    key=KEY,
    type=st.sampled_from(["COUNTER", "GAUGE", "TIMER"]),
    value=st.floats(),
    tags=st.dictionaries(TEXT, st.text(alphabet=st.characters(), max_size=20), max_size=4),
)


def made(max_series=100):
    store = Store()
    instruments = Instruments(store)
    labels = {"model_name": "unit"}
    custom = CustomMetrics(labels, store, instruments, max_series=max_series)
    return custom, Page(store, instruments.names, lambda: None)


def read(page, part=Part.CUSTOM):
    """Both formats, by prometheus-client's parsers; they must say the same."""
    text, openmetrics = (
        page.render(accept, part)[0].decode() for accept in ("", "application/openmetrics-text")
    )
    plain = {(s.name, frozenset(s.labels.items())): s.value for f in parse_text(text) for s in f.samples}
    other = {
        (s.name, frozenset(s.labels.items())): s.value
        for f in parse_openmetrics(openmetrics)
        for s in f.samples
    }
    assert plain.keys() == other.keys()
    assert len(plain) == len(re.findall(r"^[^#\n]", text, re.M))
    return plain


@settings(max_examples=80, deadline=None)
@given(st.lists(METRIC, max_size=12))
def test_any_metrics_leave_a_page_that_both_parsers_read(metrics):
    custom, page = made()
    for metric in metrics:
        custom.count(Method.PREDICT, [metric])
    for (name, labels), value in read(page).items():
        assert re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name)
        assert dict(labels)["model_name"] == "unit"
        if name.endswith(("_total", "_bucket", "_count")) and not any(m.key == name for m in metrics):
            assert value >= 0


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metrics=st.lists(METRIC, max_size=12))
def test_promtool_reads_it_too(metrics, promtool):
    custom, page = made()
    custom.count(Method.PREDICT, metrics)
    checked = promtool("check", "metrics", text=page.render("", Part.ALL)[0].decode())
    assert checked.returncode in (0, 3), checked.stderr  # 3: read, but a name is against the conventions


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1), st.lists(st.floats(0, 1e5), min_size=1))
def test_sums_are_those_of_the_values(counts, times_ms):
    custom, page = made()
    custom.count(Method.ROUTE, [Metric("c", "COUNTER", value) for value in counts])
    custom.count(Method.ROUTE, [Metric("t", "TIMER", value) for value in times_ms])
    samples = read(page)
    found = {name: value for (name, labels), value in samples.items() if "le" not in dict(labels)}
    assert found["c_total"] == pytest.approx(math.fsum(counts))
    assert found["t_sum"] == pytest.approx(math.fsum(times_ms) / 1000)
    assert found["t_count"] == len(times_ms)
    buckets = {dict(labels)["le"]: value for (name, labels), value in samples.items() if name == "t_bucket"}
    for bound in BOUNDS_S:
        assert buckets[repr(bound)] == sum(value / 1000 <= bound for value in times_ms)


@settings(max_examples=40, deadline=None)
@given(st.lists(METRIC, max_size=40), st.integers(0, 10))
def test_there_are_never_more_series_than_allowed(metrics, limit):
    custom, page = made(limit)
    custom.count(Method.PREDICT, metrics)
    series = {(name, labels) for name, labels in read(page) if "le" not in dict(labels)}
    assert custom.series <= limit
    assert len({(re.sub("_(sum|count)$", "", name), labels) for name, labels in series}) <= limit


@pytest.mark.parametrize("reward", [math.inf, -math.inf, math.nan])
def test_a_reward_that_is_no_number_is_not_added_up(reward):
    """gRPC can carry one."""
    custom, page = made()
    custom.count_reward(2.0)
    custom.count_reward(reward)
    found = {name: value for (name, _), value in read(page, Part.ALL).items()}
    assert found["seldon_api_model_feedback_total"] == 2
    assert found["seldon_api_model_feedback_reward_total"] == 2
    assert found["seldon_runtime_feedback_penalty_total"] == 0
