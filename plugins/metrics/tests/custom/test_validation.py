"""Metrics that Prometheus cannot hold are dropped and counted, or fail the call in strict mode."""

from __future__ import annotations

import math

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError

from .samples import counter, gauge, timer


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (counter("my-key", 1), "bad_name"),
        (counter("my key!", 1), "bad_name"),
        (counter(5, 1), "bad_name"),
        (counter("", 1), "bad_name"),
        (counter("_total", 1), "bad_name"),
        (gauge("a\nb", 1), "bad_name"),
        (gauge("a\n", 1), "bad_name"),
        (gauge('a{b="c"} 1\nd', 1), "bad_name"),
        (gauge("ü", 1), "bad_name"),
        (gauge("a" * 1025, 1), "bad_name"),
        (gauge("a", 1, **{"b-c": "d"}), "bad_label"),
        (gauge("a", 1, **{"": "d"}), "bad_label"),
        (gauge("a", 1, **{"b\n": "d"}), "bad_label"),
        (gauge("a", 1, __name__="d"), "bad_label"),
        (gauge("a", 1, b="x" * 1025), "bad_label"),
        (gauge("a", 1, b="\ud800"), "bad_label"),
        (gauge("a", 1, **{f"b{n}": "c" for n in range(33)}), "bad_label"),
        (timer("a", 1, le="0.5"), "bad_label"),
        (counter("a", -1), "bad_value"),
        (counter("a", math.nan), "bad_value"),
        (counter("a", math.inf), "bad_value"),
        (timer("a", -1), "bad_value"),
        (timer("a", math.nan), "bad_value"),
        (gauge("seldon_runtime_ready", 1), "name_taken"),
        (counter("seldon_runtime_calls", 1), "name_taken"),
        (gauge("seldon_runtime_call_duration_seconds_bucket", 1), "name_taken"),
        (gauge("seldon_runtime_info", 1), "name_taken"),
        (counter("process_cpu_seconds_total", 1), "name_taken"),
        (gauge("seldon_api_model_feedback_total", 1), "name_taken"),
    ],
)
class TestAMetricThatPrometheusCannotHold:
    def test_is_left_out_and_counted_while_the_call_goes_on(self, served, metric, reason, promtool):
        before = served.samples()
        answer = served.measure(metric, counter("good", 1))
        assert "strData" in answer
        after = served.samples()
        dropped = "seldon_runtime_custom_metrics_dropped_total"
        assert {labels for (name, labels) in after if name == "good_total"}
        assert {key for key in after if key not in before and not key[0].startswith("seldon_runtime_")} == {
            ("good_total", labels) for (name, labels) in after if name == "good_total"
        }
        assert served.value(dropped, reason=reason) == 1
        assert promtool("check", "metrics", text=served.page()).returncode == 0

    def test_is_a_clear_error_when_that_is_asked_for_and_none_of_its_list_counts(self, serve, metric, reason):
        served = serve(metrics_strict=True)
        with pytest.raises(SeldonError, match="invalid custom metric: ") as raised:
            served.measure(counter("good", 1), metric)
        assert raised.value.code is ErrorCode.BAD_METRIC
        assert served.value("good_total") is None
        assert served.value("seldon_runtime_errors_total", code="BAD_METRIC") == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, -0.0])
def test_a_gauge_may_be_any_number(served, value):
    served.measure(gauge("level", value))
    assert repr(served.value("level")) == repr(value)
