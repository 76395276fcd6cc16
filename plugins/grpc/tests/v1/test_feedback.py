"""Feedback as a message, to the component's methods of today and of old."""

from __future__ import annotations

import json

from google.protobuf.json_format import ParseDict

from seldon_runtime.plugin import Method
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback

from .answers import answer, as_dict, error, message


class Learning:
    def send_feedback(self, features, features_names, reward, truth, routing=None):
        return {
            "features": features,
            "names": features_names,
            "reward": reward,
            "truth": truth,
            "to": routing,
        }


def test_feedback_reaches_the_component_with_its_routing():
    feedback = ParseDict(
        {
            "request": {"data": {"ndarray": [[1, 2]], "names": ["a", "b"]}},
            "response": {"meta": {"routing": {"0": 3}}},
            "reward": 0.5,
            "truth": {"strData": "t"},
        },
        Feedback(),
        descriptor_pool=POOL,
    )
    assert as_dict(answer(Learning(), feedback, Method.SEND_FEEDBACK))["jsonData"] == {
        "features": [[1.0, 2.0]],
        "names": ["a", "b"],
        "reward": 0.5,
        "truth": "t",
        "to": 3.0,
    }


def test_feedback_may_be_empty():
    assert as_dict(answer(Learning(), Feedback(), Method.SEND_FEEDBACK))["jsonData"] == {
        "features": [],
        "names": [],
        "reward": 0.0,
        "truth": [],
        "to": None,
    }


def test_a_wrong_array_in_feedback_is_named():
    feedback = Feedback(truth=message(data={"tensor": {"shape": [2], "values": [1]}}))
    assert "truth.data.tensor.shape" in error(Learning(), feedback, Method.SEND_FEEDBACK).message


def test_the_old_feedback_hook_gets_text():
    class Old:
        def send_feedback_rest(self, text):
            return {"strData": str(json.loads(text)["reward"])}

    assert answer(Old(), Feedback(reward=0.5), Method.SEND_FEEDBACK).strData == "0.5"


def test_feedback_has_the_grpc_hook_called_before_the_one_for_both():
    class Both:
        def send_feedback_rest(self, text):
            raise AssertionError(text)

        def send_feedback_grpc(self, feedback):
            return message(strData=str(feedback.reward))

    assert answer(Both(), Feedback(reward=0.5), Method.SEND_FEEDBACK).strData == "0.5"
