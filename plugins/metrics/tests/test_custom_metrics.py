"""The component's own metrics on the page, as the protocol notes have them."""

from __future__ import annotations

import itertools
import math

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.identity import Identity
from seldon_runtime.message import Method
from seldon_runtime_metrics.custom import BOUNDS_S

IDENTITY = Identity("unit", "reg:5000/team/image:1.2", "deployment", "predictor", {"version": "v7"})
LABELS = {
    "deployment_name": "deployment",
    "model_name": "unit",
    "model_image": "reg:5000/team/image",
    "model_version": "1.2",
    "predictor_name": "predictor",
    "predictor_version": "v7",
    "seldon_deployment_name": "deployment",
    "image_name": "reg:5000/team/image",
    "image_version": "1.2",
}


def counter(key, value, **tags):
    return {"type": "COUNTER", "key": key, "value": value, "tags": tags}


def gauge(key, value, **tags):
    return {"type": "GAUGE", "key": key, "value": value, "tags": tags}


def timer(key, value, **tags):
    return {"type": "TIMER", "key": key, "value": value, "tags": tags}


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


def test_series_carry_the_identity_the_method_and_their_own_tags(serve):
    served = serve(identity=IDENTITY)
    served.measure(counter("rows", 1, zone="a"))
    labels = frozenset({**LABELS, "method": "predict", "zone": "a"}.items())
    assert served.samples()["rows_total", labels] == 1


def test_what_is_not_set_is_said_to_be_not_implemented(served):
    served.measure(counter("rows", 1))
    assert served.value("rows_total", **dict.fromkeys(LABELS, "NOT_IMPLEMENTED")) == 1


def test_an_image_without_a_tag_has_no_version(serve):
    served = serve(identity=Identity(image="reg:5000/image"))
    served.measure(counter("rows", 1))
    assert served.value("rows_total", model_image="reg:5000/image", model_version="NOT_IMPLEMENTED") == 1


def test_the_same_metric_may_have_other_tags_each_time(served):
    served.measure(
        counter("rows", 1, a="1", b="2"), counter("rows", 2, b="2", a="1"), counter("rows", 4, c="3")
    )
    assert served.value("rows_total", a="1", b="2") == 3
    assert served.value("rows_total", c="3") == 4


def test_tags_cannot_replace_the_standard_labels(served):
    served.measure(counter("rows", 1, model_name="mine", method="mine", own="x"))
    assert served.value("rows_total", model_name="NOT_IMPLEMENTED", method="predict", own="x") == 1


def test_an_empty_tag_is_none_as_prometheus_has_it(served):
    served.measure(counter("rows", 1), counter("rows", 2, zone=""))
    assert served.value("rows_total") == 3


def test_metrics_that_are_hidden_from_the_client_count(served):
    assert "metrics" not in served.measure(counter("rows", 1))["meta"]
    assert served.value("rows_total") == 1


def test_a_client_that_has_its_answer_finds_its_metrics_on_the_page(served):
    """Counted before the answer goes out, not after."""
    pages = []
    call = served.make_call({"jsonData": [counter("rows", 1)]})
    served.service.submit(call, lambda answer, error: pages.append(served.page()))
    served.executor.run(lambda: None)
    assert "\nrows_total{" in pages[0]


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
        with pytest.raises(SeldonError, match="a metric of the component cannot be counted: ") as raised:
            served.measure(counter("good", 1), metric)
        assert raised.value.code is ErrorCode.BAD_METRIC
        assert served.value("good_total") is None
        assert served.value("seldon_runtime_errors_total", code="BAD_METRIC") == 1


def test_one_key_cannot_be_of_two_types(served):
    served.measure(counter("a", 1), gauge("a", 7), timer("a", 7), gauge("a_total", 7), counter("a", 1))
    assert served.value("a_total") == 2
    assert served.value("seldon_runtime_custom_metrics_dropped_total", reason="name_taken") == 3


def test_what_is_left_out_is_logged_once(served, caplog):
    for number in range(5):
        served.measure(gauge(f"bad-{number}", 1))
    logged = [
        record.getMessage() for record in caplog.records if record.name == "seldon_runtime_metrics.custom"
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


def test_the_limit_of_series_never_fails_a_call(serve):
    served = serve(metrics_max_series=0, metrics_strict=True)
    assert "strData" in served.measure(counter("users", 1))


def test_tags_that_are_lost_make_no_series(serve):
    served = serve(metrics_max_series=10)
    for number in range(30):
        served.measure(counter("rows", 1, model_name=str(number)))
    assert served.value("rows_total") == 30


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, -0.0])
def test_a_gauge_may_be_any_number(served, value):
    served.measure(gauge("level", value))
    assert repr(served.value("level")) == repr(value)


@pytest.mark.parametrize(
    "text", ['q"uote', "back\\slash", "new\nline", "é日本🦆", "\x00\x7f\u2028", "{a=b} 1 # EOF"]
)
def test_label_values_come_through_unharmed(served, text, promtool):
    served.measure(counter("rows", 1, text=text))
    assert served.value("rows_total", text=text) == 1
    assert promtool("check", "metrics", text=served.page()).returncode == 0


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
