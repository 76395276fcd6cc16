"""Classes with raw methods as nodes."""

from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime import SeldonNotImplementedError
from seldon_runtime.plugin import (
    ARRAYS,
    TENSOR,
    Feedback,
    Limits,
    Message,
    Meta,
    Method,
    Payload,
    SeldonError,
    ServiceType,
    embedded_predictor,
)
from seldon_runtime_graph.nodes.raw_methods import RawNode, has_raw_methods


def node(user, **more):
    assert has_raw_methods(user)
    return RawNode(embedded_predictor(user, **more), Limits())


def message(number=1.0, **meta):
    return Message(Payload(TENSOR, np.array([[number]]), ["x"]), Meta(**meta))


def test_predict_raw_receives_and_answers_the_json_of_the_protocol():
    class Raw:
        def predict_raw(self, msg):
            assert msg == {
                "meta": {"tags": {"a": 1}},
                "data": {"names": ["x"], "tensor": {"shape": [1, 1], "values": [1.0]}},
            }
            return {
                "strData": "done",
                "meta": {"tags": {"b": 2}, "metrics": [{"key": "k", "type": "COUNTER", "value": 1}]},
            }

    answer = node(Raw()).answer(Method.PREDICT, message(tags={"a": 1}))
    assert answer.payload.value == "done"
    assert answer.meta.tags == {"b": 2}
    assert [metric.key for metric in answer.metrics] == ["k"]


def test_a_list_of_route_raw_is_an_array():
    class Raw:
        def route_raw(self, msg):
            return [1]

    assert node(Raw()).answer(Method.ROUTE, message()).payload.value.tolist() == [1]


def test_aggregate_and_feedback_receive_their_own_forms():
    class Raw:
        def aggregate_raw(self, msgs):
            return {"jsonData": [each["data"]["tensor"]["values"] for each in msgs["seldonMessages"]]}

        def send_feedback_raw(self, feedback):
            return {"jsonData": [feedback.reward, feedback.response.meta.routing["r"]]}

    raw = node(Raw())
    assert raw.answer(Method.AGGREGATE, [message(1.0), message(2.0)]).payload.value == [[1.0], [2.0]]
    feedback = Feedback(message(), Message(None, Meta(routing={"r": 1})), 0.5)
    assert raw.answer(Method.SEND_FEEDBACK, feedback).payload.value == [0.5, 1]


def test_the_plain_method_answers_when_the_raw_one_is_not_implemented_or_absent():
    class Both:
        def predict_raw(self, msg):
            raise SeldonNotImplementedError

        def predict(self, X, names):
            return X + 1

        def transform_input(self, X, names):
            return X + 2

        def health_status(self):
            return "well"

    both = node(Both())
    assert both.answer(Method.PREDICT, message()).payload.value.tolist() == [[2.0]]
    assert both.predict(Method.TRANSFORM_INPUT, message()).payload.value.tolist() == [[3.0]]
    assert both.answer(Method.HEALTH_STATUS, None).payload.value == "well"
    assert Method.PREDICT in both.methods
    assert not both.health_is_fixed


def test_a_raw_health_status_answers():
    class Raw:
        def health_status_raw(self):
            return {"strData": "fine"}

    assert node(Raw()).answer(Method.HEALTH_STATUS, None).payload.value == "fine"


def test_an_outlier_detector_scores_beside_a_raw_method():
    class Detector:
        def predict_raw(self, msg):
            return msg

        def score(self, X, names):
            return [0.5]

    detector = node(Detector(), service_type=ServiceType.OUTLIER_DETECTOR)
    answer = detector.answer(Method.TRANSFORM_INPUT, message(tags={"a": 1}))
    assert answer.meta.tags == {"a": 1, "outlierScore": [0.5]}
    assert answer.payload.value.tolist() == [[1.0]]


def test_named_arrays_arrive_as_the_only_tensor():
    class Raw:
        def predict_raw(self, msg):
            return {"jsonData": msg["data"]["ndarray"]}

    request = Message(Payload(ARRAYS, {"x": np.array([[3.0]])}))
    assert node(Raw()).answer(Method.PREDICT, request).payload.value == [[3.0]]


def test_a_status_of_an_error_is_one():
    class Raw:
        def predict_raw(self, msg):
            return {"status": {"code": 418, "info": "short and stout", "reason": "TEAPOT"}}

    with pytest.raises(SeldonError, match="short and stout") as raised:
        node(Raw()).answer(Method.PREDICT, message())
    assert (raised.value.status_code, raised.value.reason) == (418, "TEAPOT")


def test_a_class_without_raw_methods_has_none():
    class Plain:
        def predict(self, X):
            return X

    assert not has_raw_methods(Plain())
