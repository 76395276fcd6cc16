"""The component's own metrics on the page, as the protocol notes have them."""

from __future__ import annotations

import itertools
import math

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from seldon_runtime_metrics.custom.counting import BOUNDS_S

from .samples import counter, gauge, timer


def test_a_counter_adds_up_under_its_name_with_total(served):
    served.measure(counter("rows", 2))
    served.measure(counter("rows", 3), counter("rows_total", 0.5))
    assert served.value("rows_total") == 5.5


def test_a_gauge_keeps_its_last_value(served):
    served.measure(gauge("level", 5), gauge("level", -2.5))
    assert served.value("level") == -2.5


def test_a_timer_is_a_histogram_in_seconds_with_the_protocol_s_bounds(served):
    served.measure(timer("took", 20.2))
    served.measure(timer("took", 60_000))
    assert served.value("took_sum") == pytest.approx(60.0202)
    assert served.value("took_count") == 2
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in served.samples().items()
        if name == "took_bucket"
    }
    assert len(buckets) == 51
    assert buckets["+Inf"] == 2
    assert {value for bound, value in buckets.items() if float(bound) < 0.0202} == {0}
    assert {value for bound, value in buckets.items() if 0.0202 <= float(bound) < math.inf} == {1}


def test_a_timer_may_have_other_buckets(serve):
    served = serve(metrics_timer_buckets=(0.5, 2.0))
    served.measure(timer("took", 500), timer("took", 1000), timer("took", 9000))
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in served.samples().items()
        if name == "took_bucket"
    }
    assert buckets == {"0.5": 1, "2.0": 2, "+Inf": 3}


def test_the_bounds_are_evenly_spaced_on_a_logarithmic_scale():
    steps = [math.log(high / low) for low, high in itertools.pairwise(BOUNDS_S)]
    assert (len(BOUNDS_S), BOUNDS_S[0], BOUNDS_S[-1]) == (50, 0.001, 30.0)
    assert steps == pytest.approx([math.log(30_000) / 49] * 49, rel=1e-6)


def test_the_same_metric_may_have_other_tags_each_time(served):
    served.measure(
        counter("rows", 1, a="1", b="2"), counter("rows", 2, b="2", a="1"), counter("rows", 4, c="3")
    )
    assert served.value("rows_total", a="1", b="2") == 3
    assert served.value("rows_total", c="3") == 4


def test_an_empty_tag_is_none_as_prometheus_has_it(served):
    served.measure(counter("rows", 1), counter("rows", 2, zone=""))
    assert served.value("rows_total") == 3


@pytest.mark.parametrize("order", list(itertools.permutations([counter, gauge, timer])), ids=range(6))
def test_one_key_may_be_of_several_types(served, order):
    served.measure(*(make("a", 2) for make in order), counter("a", 1))
    assert (served.value("a_total"), served.value("a")) == (3, 2)
    assert (served.value("a_count"), served.value("a_sum")) == (1, 0.002)
    assert served.value("seldon_runtime_custom_series") == 3
    assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="name_taken") == 0


def test_one_sample_name_cannot_be_of_two_keys(served):
    served.measure(
        counter("a", 1), gauge("a_total", 7), timer("b", 7), gauge("b_sum", 7), gauge("b_count", 7)
    )
    assert (served.value("a_total"), served.value("b_count")) == (1, 1)
    assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="name_taken") == 3


def test_one_key_of_several_types_is_a_valid_page_in_each_format(served):
    served.measure(counter("a", 1), gauge("a", 7), timer("a", 7))
    titles = [line for line in served.page().splitlines() if line.startswith("# TYPE a")]
    untyped = [f"# TYPE a_{part} untyped" for part in ("bucket", "count", "sum")]
    assert sorted(titles) == sorted(["# TYPE a gauge", "# TYPE a_total counter", *untyped])
    page = served.page(Accept="application/openmetrics-text")
    types = {family.name: family.type for family in parse_openmetrics(page)}
    assert types["a"] == "gauge"
    assert {name for name in types if name.startswith("a_")} == {"a_bucket", "a_count", "a_sum", "a_total"}


def test_what_is_left_out_is_logged_once(served, caplog):
    for number in range(5):
        served.measure(gauge(f"bad-{number}", 1))
    logged = [
        record.getMessage()
        for record in caplog.records
        if record.name == "seldon_runtime_metrics.custom.counting"
    ]
    assert len(logged) == 1
    assert "'bad-0'" in logged[0]


def test_series_are_limited_and_what_is_beyond_is_counted(serve):
    served = serve(metrics_max_series=10)
    served.measure(*(counter("users", 1, name=str(number)) for number in range(30)))
    served.measure(counter("users", 1, name="3"))  # one that is there goes on
    names = [labels for name, labels in served.samples() if name == "users_total"]
    assert len(names) == 10
    assert served.value("users_total", name="3") == 2
    assert served.value("seldon_runtime_custom_series") == 10
    assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="too_many_series") == 20


def test_many_timers_do_not_make_an_endless_page(serve):
    served = serve(metrics_max_series=100)
    served.measure(*({"type": "TIMER", "key": "t", "value": 1, "tags": {"i": str(i)}} for i in range(100)))
    kept = [labels for name, labels in served.samples() if name == "t_count"]
    assert 0 < len(kept) < 100
    assert len(served.page()) < 100 * 10 * 1000  # ten numbers a series
    assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="too_many_series") > 0


def test_one_timer_fits_always(serve):
    served = serve(metrics_max_series=1)
    served.measure({"type": "TIMER", "key": "t", "value": 1})
    assert served.value("t_count") == 1


def test_the_limit_of_series_never_fails_a_call(serve):
    served = serve(metrics_max_series=0, metrics_strict=True)
    assert "strData" in served.measure(counter("users", 1))


def test_tags_that_are_lost_make_no_series(serve):
    served = serve(metrics_max_series=10)
    for number in range(30):
        served.measure(counter("rows", 1, model_name=str(number)))
    assert served.value("rows_total") == 30


@pytest.mark.parametrize(
    "text", ['q"uote', "back\\slash", "new\nline", "é日本🦆", "\x00\x7f\u2028", "{a=b} 1 # EOF"]
)
def test_label_values_come_through_unharmed(served, text, promtool):
    served.measure(counter("rows", 1, text=text))
    assert served.value("rows_total", text=text) == 1
    assert promtool("check", "metrics", text=served.page()).returncode == 0
