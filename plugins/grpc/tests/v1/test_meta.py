"""The ``meta`` of a message: of its request, of the component, and of an outlier detector's answer."""

from __future__ import annotations

import numpy as np

from seldon_runtime.plugin import Call, Identity, Kind, Message, Meta, Method, Payload, ServiceType
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

from .answers import CODEC, Identical, answer, as_dict, message, run


def test_meta_is_handed_over_with_the_names_of_json():
    meta = {
        "puid": "p",
        "tags": {"a": {"b": [1.0, None]}},
        "routing": {"r": 2},
        "requestPath": {"m": "i:1"},
        "metrics": [{"key": "k", "type": "COUNTER", "value": 0.1, "tags": {"t": "v"}}],
    }
    user = Identical()
    answered = answer(user, message(strData="s", meta=meta))
    assert user.seen[2] == meta
    del meta["routing"], meta["metrics"][0]["type"]
    assert as_dict(answered)["meta"] == meta


def test_tags_metrics_and_path_of_the_component_are_answered():
    class Annotated(Identical):
        def tags(self):
            return {"a": [1, {"b": np.int64(2)}]}

        def metrics(self):
            return [{"type": "GAUGE", "key": "g", "value": 2, "tags": {"zone": 1}}]

    answered = as_dict(answer(Annotated(), message(strData="s"), identity=Identity("me", "image:2")))
    assert answered["meta"] == {
        "tags": {"a": [1.0, {"b": 2.0}]},
        "requestPath": {"me": "image:2"},
        "metrics": [{"key": "g", "type": "GAUGE", "value": 2.0, "tags": {"zone": "1", "method": "predict"}}],
    }


def test_an_outlier_detector_annotates_the_request():
    class Detector:
        def score(self, X, features_names):
            return X[:, 0] * 2

        def metrics(self):
            return [{"type": "COUNTER", "key": "c", "value": 1}]

    request = message(
        data={"ndarray": [[1, 2]], "names": ["a", "b"]},
        meta={"tags": {"mine": 1, "outlierScore": [9, 9, 9]}, "metrics": [{"key": "k"}], "routing": {"r": 1}},
        status={"code": 7},
    )
    kept = request.SerializeToString() + b"\xc2\x3e\x01x"  # a field that nobody knows
    call = Call(Method.TRANSFORM_INPUT, kept, CODEC, "grpc")
    written = run(Detector(), call, service_type=ServiceType.OUTLIER_DETECTOR)
    request.meta.tags["outlierScore"].list_value.Clear()
    request.meta.tags["outlierScore"].list_value.extend([2.0])
    request.meta.metrics.add(key="c", value=1)
    assert written.endswith(b"\xc2\x3e\x01x")
    assert SeldonMessage.FromString(written[:-4]) == request


def test_the_routing_of_an_answer_is_written():
    written = CODEC.write(Method.ROUTE, Message(Payload(Kind.STR, "s"), Meta(routing={"r": 1})))
    assert as_dict(SeldonMessage.FromString(written)) == {"meta": {"routing": {"r": 1}}, "strData": "s"}
