"""What the runtime tells of itself."""

from __future__ import annotations

import time

import pytest

from seldon_runtime import __version__
from seldon_runtime.plugin import (
    BatchRecord,
    Call,
    Identity,
    Kind,
    Lifecycle,
    Message,
    Method,
    NeutralCodec,
    Payload,
    SaveRecord,
    SeldonError,
    Worker,
)
from seldon_runtime.testing import Gated

CALLS = "seldon_runtime_calls_total"
ERRORS = "seldon_runtime_errors_total"
DURATION = "seldon_runtime_call_duration_seconds"


class Failing:
    code = 17

    def predict(self, X, features_names):
        if X == "odd":
            error = SeldonError("mine")
            error.code = "unheard of"
            raise error
        raise ValueError("no")


def test_calls_are_counted_by_method_and_transport_and_protocol(served):
    for _ in range(3):
        served.call({"strData": "a"})
    served.call({"reward": 0}, Method.SEND_FEEDBACK)
    request = Message(Payload(Kind.STR, "a"))
    served.service.call(Call(Method.PREDICT, request, NeutralCodec(), "test"))
    assert served.value(CALLS, method="predict", transport="test", protocol="v1") == 3
    assert served.value(CALLS, method="predict", transport="test", protocol="") == 1
    assert served.value(CALLS, method="feedback", transport="test", protocol="v1") == 1


def test_failed_calls_are_counted_by_the_code_of_their_error(serve):
    served = serve(Failing())
    for request in ({"strData": "a"}, {"strData": "a"}, {"strData": 5}):
        with pytest.raises(SeldonError):
            served.call(request)
    assert served.value(ERRORS, code="COMPONENT_FAILED") == 2
    assert served.value(ERRORS, code="BAD_DATA") == 1
    assert served.value(CALLS) == 3


def test_a_code_that_user_code_made_up_makes_no_label(serve):
    served = serve(Failing())
    with pytest.raises(SeldonError):
        served.call({"strData": "odd"})
    assert served.value(ERRORS, code="COMPONENT_FAILED") == 1


def test_durations_waits_and_sizes_are_histograms(served):
    served.call({"strData": "x" * 1000})
    names = "queue_wait_seconds", "request_bytes", "response_bytes"
    for name in (DURATION, *(f"seldon_runtime_{name}" for name in names)):
        assert served.value(f"{name}_count", method="predict", transport="test") == 1
    assert 0 < served.value(f"{DURATION}_sum") < 10
    assert served.value("seldon_runtime_request_bytes_sum") == len('{"strData": ""}') + 1000
    assert served.value("seldon_runtime_response_bytes_sum") == len('{"meta":{},"strData":"done"}')
    assert served.value("seldon_runtime_request_bytes_bucket", le="256.0") == 0
    assert served.value("seldon_runtime_request_bytes_bucket", le="1024.0") == 1


def test_a_call_whose_client_has_gone_counts_but_has_no_duration_and_a_late_one_has(serve):
    served = serve(Gated())
    cancelled, late = served.make_call({"strData": "a"}), served.make_call({"strData": "a"})
    cancelled.cancelled = True
    late.deadline = 0.0
    for call in (cancelled, late):
        with pytest.raises(SeldonError):
            served.service.call(call)
    served.executor.run(lambda: None)  # the late one is told at its deadline, and counted in its turn
    assert served.value(ERRORS, code="CANCELLED") == 1
    assert served.value(ERRORS, code="DEADLINE_EXCEEDED") == 1
    assert served.value(CALLS) == 2
    assert served.value(f"{DURATION}_count") == 1


def test_a_full_queue_is_counted_as_overload(serve):
    user = Gated()
    served = serve(user)
    calls = [served.make_call({"strData": "wait"}) for _ in range(102)]
    errors = []
    for call in calls[:1]:
        served.service.submit(call, lambda answer, error: None)
    user.wait_until_entered()
    for call in calls[1:]:
        served.service.submit(call, lambda answer, error: errors.append(error))
    assert served.value(ERRORS, code="OVERLOADED") == 1
    user.open()
    served.executor.run(lambda: None)
    assert len(errors) == 101


def test_life_is_told(served):
    assert served.value("seldon_runtime_ready") == 0
    served.observer.lifecycle_changed(Lifecycle.LOADED)
    assert served.value("seldon_runtime_starts_total") == 1
    served.service.ready = True
    assert served.value("seldon_runtime_ready") == 1
    served.service.draining = True  # a worker that is replaced stays ready meanwhile
    assert served.value("seldon_runtime_ready") == 0
    assert 0 <= served.value("seldon_runtime_load_seconds") < 60


def test_saves_of_the_state_are_counted_and_measured(served):
    told = served.observer.state_saved
    told(SaveRecord(None, 1000, 0.2, 0.03))
    before = served.value("seldon_runtime_state_saved_timestamp_seconds")
    assert before == pytest.approx(time.time(), abs=60)
    told(SaveRecord("StoreError: no answer", 1200, 0.2, 0.0))
    assert served.value("seldon_runtime_state_saved_timestamp_seconds") == before
    told(SaveRecord("StoreError: no answer", 1200, 0.0, 0.0))  # a retry
    told(SaveRecord(None, 0, 0.2, 0.0))
    for outcome, number in {"saved": 1, "failed": 2, "unchanged": 1}.items():
        assert served.value("seldon_runtime_state_saves_total", outcome=outcome) == number
    assert served.value("seldon_runtime_state_saved_timestamp_seconds") > before
    assert served.value("seldon_runtime_state_bytes") == 1000
    assert served.value("seldon_runtime_state_pause_seconds_count") == 3
    assert served.value("seldon_runtime_state_pause_seconds_sum") == pytest.approx(0.6)
    assert served.value("seldon_runtime_state_write_seconds_count") == 1
    assert served.value("seldon_runtime_state_write_seconds_sum") == 0.03


def test_a_component_without_state_has_no_metrics_of_saves(served):
    assert not [name for name, _ in served.samples() if "_state_" in name]


def test_restarts_of_workers_are_what_the_supervisor_counted(serve):
    assert serve().value("seldon_runtime_worker_restarts") == 0
    assert serve(worker=Worker(index=1, count=2, restarts=3)).value("seldon_runtime_worker_restarts") == 3


def test_the_info_metric_says_what_is_served(serve):
    served = serve(identity=Identity("unit", "image:1", "deployment", "predictor", {"version": "v1"}))
    labels = {"version": __version__, "service_type": "MODEL", "deployment_name": "deployment"}
    labels |= {"model_name": "unit", "model_image": "image", "model_version": "1", "predictor_version": "v1"}
    assert served.value("seldon_runtime_info", **labels) == 1


def test_the_info_metric_names_the_class_of_a_component_without_a_name(serve):
    assert serve().value("seldon_runtime_info", model_name="Metered", deployment_name="NOT_IMPLEMENTED") == 1


def test_items_of_streams_are_counted_with_their_times(serve):
    class Yields:
        def predict(self, X, features_names):
            yield from X

    served = serve(Yields())
    served.call({"strData": "abc"})
    assert served.value("seldon_runtime_stream_items_total", method="predict") == 3
    assert served.value("seldon_runtime_stream_first_item_seconds_count") == 1
    assert served.value("seldon_runtime_stream_item_interval_seconds_count") == 2
    assert served.value(CALLS) == 1


def test_nodes_of_a_graph_have_batches_and_states_of_their_own(served):
    for unit, calls in {"first": 3, "second": 5}.items():
        served.observer.batch_finished(BatchRecord(Method.PREDICT, calls, 0.1, 0.2, unit))
        served.observer.state_saved(SaveRecord(None, 100 * calls, 0.1, 0.2, unit))
    for unit, calls in {"first": 3, "second": 5}.items():
        assert served.value("seldon_runtime_batch_calls_sum", model_name=unit) == calls
        assert served.value("seldon_runtime_batch_wait_seconds_count", model_name=unit) == 1
        assert served.value("seldon_runtime_state_bytes", model_name=unit) == 100 * calls
