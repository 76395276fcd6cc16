"""Feedback is read as strictly as protobuf JSON, and answers as the recorded reference does."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.loading import load_class
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.protocols.v1.feedback import decode_feedback, encode_feedback_reply
from seldon_runtime.testing.served import run_call

CONFORMANCE = Path(__file__).parents[4] / "tests" / "conformance"
CASES = [
    json.loads(line) for line in (CONFORMANCE / "corpus" / "rest-feedback.jsonl").read_text().splitlines()
]
BETTER = {
    "rest-feedback/reward-float32": {"reward": 0.1},
    "rest-feedback/jsondata-features": {"features": "{'a': 1.0}", "truth": "{'b': 1.0}"},
}
"""Recorded oddities and what is answered instead; docs/reference/compatibility.md says why."""
REFUSED = {"rest-feedback/tensor-mismatch-many"}
ACCEPTED = {"rest-feedback/no-routing-argument"}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_feedback_is_answered_as_recorded(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(CONFORMANCE / "models")
    identity = Identity(case["env"].get("PREDICTIVE_UNIT_ID"), case["env"].get("PREDICTIVE_UNIT_IMAGE"))
    user = load_class(str(CONFORMANCE / "models" / f"{case['model']}.py"))()
    call = Call(Method.SEND_FEEDBACK, (case["request"]["body"] or "").encode(), JsonCodec(Limits()), "test")
    if (case["kind"] == "error" and case["id"] not in ACCEPTED) or case["id"] in REFUSED:
        with pytest.raises(SeldonError) as caught:
            run_call(ComponentAdapter(user, identity), call)
        assert caught.value.code is ErrorCode.BAD_DATA
        return
    answer = json.loads(run_call(ComponentAdapter(user, identity), call))
    if case["id"] in ACCEPTED:
        assert answer == {"strData": "got it", "meta": {}}
        return
    expected = case["expect"]["json"]
    expected.get("jsonData", {}).update(BETTER.get(case["id"], {}))
    assert answer == expected


def decoded(**members: Any) -> Any:
    return decode_feedback(members, Limits())


def test_every_part_may_be_absent_null_or_empty() -> None:
    empty = decoded()
    assert (empty.request, empty.response, empty.truth, empty.reward) == (None, None, None, 0.0)
    assert decoded(request=None, response=None, truth=None, reward=None) == empty
    parts = decoded(request={}, response={"meta": None}, truth={"data": None, "strData": None})
    assert parts.request == parts.response == parts.truth == Message(None)


def test_null_members_count_as_absent_so_one_payload_is_left() -> None:
    assert decoded(truth={"data": None, "strData": "s"}).truth.payload == Payload(Kind.STR, "s")


def test_numbers_may_be_text_and_become_floats() -> None:
    tensor = {"shape": ["2", 1.0], "values": ["1", 2]}
    feedback = decoded(
        request={"data": {"tensor": tensor}},
        response={"meta": {"routing": {"a": "3", "b": 4.0}}},
        truth={"data": {"ndarray": [[1, "x"], [2, "y"]]}},
        reward="0.5",
    )
    assert feedback.reward == 0.5
    assert feedback.request.payload.value.tolist() == [[1.0], [2.0]]
    assert feedback.request.payload.value.dtype == np.float64
    assert feedback.response.meta.routing == {"a": 3, "b": 4}
    assert feedback.truth.payload.value.tolist() == [[1.0, "x"], [2.0, "y"]]


def test_null_in_a_tensor_is_nan() -> None:
    feedback = decoded(request={"data": {"tensor": {"shape": [2], "values": [None, 1]}}})
    np.testing.assert_array_equal(feedback.request.payload.value, [np.nan, 1.0])


def test_whole_numbers_of_every_kind_become_floats() -> None:
    one = decoded(request={"jsonData": {"a": [1, {"b": 2}], "c": "3", "d": True}}).request.payload
    assert json.dumps(one.value) == '{"a": [1.0, {"b": 2.0}], "c": "3", "d": true}'
    tftensor = {"dtype": "DT_INT32", "tensorShape": {"dim": [{"size": "1"}]}, "intVal": [5]}
    one = decoded(request={"data": {"tftensor": tftensor}}).request.payload
    assert (one.kind, one.value.dtype, one.value.tolist()) == (Kind.TFTENSOR, np.dtype("f8"), [5.0])


@pytest.mark.parametrize("empty", [{}, {"names": ["a"]}, {"tensor": {"shape": ["0"]}}])
def test_data_without_values_are_an_empty_array(empty: Any) -> None:
    payload = decoded(truth={"data": empty}).truth.payload
    assert payload.value.size == 0


def test_meta_is_kept() -> None:
    meta = {"puid": "p", "tags": {"a": 1}, "requestPath": {"b": "c"}, "metrics": []}
    assert decoded(request={"meta": meta}).request.meta == Meta("p", {"a": 1}, {}, {"b": "c"}, [])


@pytest.mark.parametrize(
    ("text", "reward"), [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1e3", 1000.0)]
)
def test_a_reward_that_is_not_finite_must_be_text(text: str, reward: float) -> None:
    np.testing.assert_equal(decoded(reward=text).reward, reward)


def sent(tensor: object) -> dict[str, Any]:
    return {"request": {"data": {"tensor": tensor}}}


def routed(routing: object) -> dict[str, Any]:
    return {"response": {"meta": {"routing": routing}}}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"rewrad": 1}, "the feedback has an unknown member 'rewrad'; known: request, response,"),
        ({"request": []}, "request is a list, expected an object"),
        ({"request": {"customData": {}}}, "request has an unknown member 'customData'; known: binData,"),
        ({"truth": {"strData": "", "binData": ""}}, "truth has strData and binData, expected one of them"),
        ({"truth": {"strData": 5}}, "truth.strData is a number, expected a text"),
        ({"truth": {"binData": "?"}}, "truth.binData is not base64 with padding"),
        ({"request": {"data": 5}}, "request.data is a number, expected an object"),
        ({"request": {"data": {"x": 1}}}, "request.data has an unknown member 'x'; known: names, ndarray,"),
        ({"request": {"data": {"ndarray": [], "tensor": {}}}}, "request.data has tensor and ndarray"),
        ({"request": {"data": {"ndarray": 5}}}, "request.data.ndarray is a number, expected a list"),
        ({"request": {"data": {"tensor": []}}}, "request.data.tensor is a list, expected an object"),
        (sent({"x": 1}), "request.data.tensor has an unknown member 'x'"),
        (sent({"shape": 2}), "request.data.tensor.shape is a number, expected a list"),
        (sent({"values": 2}), "request.data.tensor.values is a number, expected a list"),
        (sent({"shape": [1.5]}), "request.data.tensor.shape[0] is 1.5, expected a whole number"),
        (sent({"shape": ["NaN"]}), "request.data.tensor.shape[0] is 'NaN', expected a whole number"),
        (sent({"values": [[]]}), "request.data.tensor.values[0] is [], expected a number"),
        (
            sent({"shape": [2], "values": [1]}),
            "request.data.tensor.shape is [2], which does not fit 1 values",
        ),
        (sent({}), "request.data.tensor.shape is [], which does not fit 0 values"),
        ({"request": {"jsonData": [10**400]}}, "a number of the feedback is 1000"),
        ({"response": {"meta": []}}, "response.meta is a list, expected an object"),
        ({"response": {"meta": {"x": 1}}}, "response.meta has an unknown member 'x'; known: metrics, puid,"),
        ({"truth": {"strData": "s", "meta": {"tags": 5}}}, "truth.meta.tags is a number"),
        (routed({"0": "x"}), "response.meta.routing['0'] is 'x', expected a number"),
        (routed({"0": 1.5}), "response.meta.routing['0'] is 1.5, expected a whole number"),
        ({"response": {"meta": {"routing": []}}}, "response.meta.routing is a list, expected an object"),
        ({"reward": "high"}, "reward is 'high', expected a number"),
        ({"reward": [1]}, "reward is [1], expected a number"),
        ({"reward": math.nan}, "reward is not a finite number"),
        ({"reward": 1e39}, "reward is 1e+39, expected a 32-bit number (at most 3.40282e+38)"),
    ],
)
def test_what_is_wrong_is_named(members: Any, message: str) -> None:
    with pytest.raises(SeldonError) as caught:
        decoded(**members)
    assert caught.value.code is ErrorCode.BAD_DATA
    assert caught.value.message.startswith(message)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(SeldonError, match="the feedback is a list, expected an object"):
        decode_feedback([], Limits())


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (Payload(Kind.TENSOR, np.array([])), {"data": {"tensor": {"shape": [0]}}}),
        (Payload(Kind.NDARRAY, []), {"data": {"ndarray": []}}),
        (Payload(Kind.NDARRAY, [[1]], ["a"]), {"data": {"names": ["a"], "ndarray": [[1]]}}),
        (Payload(Kind.STR, ""), {"strData": ""}),
    ],
)
def test_an_answer_leaves_out_what_is_empty(payload: Payload, body: Any) -> None:
    assert encode_feedback_reply(Message(payload)) == {**body, "meta": {}}


def test_true_and_false_are_numbers_as_in_protobuf_json_but_not_whole_ones() -> None:
    assert (decoded(reward=True).reward, decoded(reward=False).reward) == (1.0, 0.0)
    tensor = {"data": {"tensor": {"shape": [2], "values": [True, 0.5]}}}
    payload = decoded(request=tensor).request.payload
    assert payload.value.tolist() == [1.0, 0.5]
    with pytest.raises(SeldonError, match="expected a whole number"):
        decoded(request={"data": {"tensor": {"shape": [True], "values": [1]}}})
