"""JSON feedback with the manners of a protobuf message, as existing raw methods read and write it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.protocols.v1.view import FeedbackView, SeldonMessageView

FEEDBACK: dict[str, Any] = {
    "request": {"data": {"names": ["a"], "tensor": {"shape": [1, 2], "values": [1.0, 2.0]}}},
    "response": {"meta": {"puid": "p", "tags": {"t": 1}, "routing": {"r": 1}}, "jsonData": {"a": 1}},
    "reward": 0.5,
    "truth": {"binData": "AAE="},
}


@pytest.fixture
def feedback() -> FeedbackView:
    return FeedbackView(copy.deepcopy(FEEDBACK))


def test_members_read_as_attributes_at_any_depth(feedback: FeedbackView) -> None:
    assert feedback.reward == 0.5
    assert feedback.request.data.names == ["a"]
    assert feedback.request.data.tensor.shape == [1, 2]
    assert list(feedback.request.data.tensor.values) == [1.0, 2.0]
    assert feedback.response.meta.puid == "p"
    assert feedback.response.meta.routing["r"] == 1
    assert feedback.response.jsonData == {"a": 1}
    assert feedback.truth.binData == b"\x00\x01"


def test_the_view_is_still_the_dict(feedback: FeedbackView) -> None:
    assert feedback == FEEDBACK
    assert feedback["request"]["data"]["tensor"]["values"] == [1.0, 2.0]
    assert json.loads(json.dumps(feedback)) == FEEDBACK


@pytest.mark.parametrize("members", [{}, {"request": None, "reward": None, "truth": {"data": None}}])
def test_what_is_absent_or_null_reads_as_empty(members: dict[str, Any]) -> None:
    feedback = FeedbackView(members)
    assert feedback.reward == 0.0
    assert feedback.request == {}
    assert feedback.request.data.tensor.values == []
    assert feedback.request.data.names == []
    assert feedback.request.strData == ""
    assert feedback.request.binData == b""
    assert feedback.response.meta.tags == {}
    assert feedback.truth.data.ndarray == []


def test_reading_changes_nothing(feedback: FeedbackView) -> None:
    assert feedback.response.data.tensor.values == []
    assert feedback.truth.meta.tags == {}
    assert not feedback.response.HasField("data")
    assert feedback == FEEDBACK
    assert feedback.truth.to_json() == {"binData": "AAE="}


def test_fields_that_do_not_exist_are_no_attributes(feedback: FeedbackView) -> None:
    with pytest.raises(AttributeError, match="FeedbackView has no field 'rewrad'"):
        _ = feedback.rewrad
    with pytest.raises(AttributeError, match="SeldonMessageView has no field 'text'"):
        feedback.request.text = "s"


def test_presence_is_told_by_has_field_and_which_oneof(feedback: FeedbackView) -> None:
    assert feedback.HasField("request")
    assert not feedback.request.HasField("meta")
    assert feedback.request.WhichOneof("data_oneof") == "data"
    assert feedback.request.data.WhichOneof("data_oneof") == "tensor"
    assert feedback.response.WhichOneof("data_oneof") == "jsonData"
    assert feedback.truth.WhichOneof("data_oneof") == "binData"
    assert SeldonMessageView().WhichOneof("data_oneof") is None
    with pytest.raises(ValueError, match="SeldonMessageView has no oneof 'payload', expected 'data_oneof'"):
        feedback.request.WhichOneof("payload")


def test_an_empty_message_can_be_made_and_filled(feedback: FeedbackView) -> None:
    answer = type(feedback.request)()
    answer.meta.puid = "q"
    answer.meta.tags["learned"] = True
    answer.data.names.extend(["a", "b"])
    answer.data.tensor.shape.extend([1, 2])
    answer.data.tensor.values.extend([3.0, 4.0])
    assert answer.HasField("data")
    assert answer.to_json() == {
        "meta": {"puid": "q", "tags": {"learned": True}},
        "data": {"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [3.0, 4.0]}},
    }


def test_a_part_that_was_there_can_be_added_to(feedback: FeedbackView) -> None:
    feedback.response.meta.requestPath["unit"] = "image:1"
    feedback.response.meta.tags["u"] = 2
    assert feedback.response.to_json()["meta"] == {
        "puid": "p",
        "tags": {"t": 1, "u": 2},
        "routing": {"r": 1},
        "requestPath": {"unit": "image:1"},
    }


def test_a_payload_replaces_the_one_before() -> None:
    answer = SeldonMessageView({"strData": "old", "meta": {}})
    answer.data.ndarray.append([1])
    assert answer.to_json() == {"meta": {}, "data": {"ndarray": [[1]]}}
    answer.data.tensor.values.append(1.0)
    assert answer.to_json()["data"] == {"tensor": {"values": [1.0]}}
    answer.strData = "new"
    assert answer.to_json() == {"meta": {}, "strData": "new"}
    assert answer.WhichOneof("data_oneof") == "strData"


@pytest.mark.parametrize("content", [b"\x00\x01", bytearray(b"\x00\x01")])
def test_bytes_go_out_as_base64(content: bytes) -> None:
    answer = SeldonMessageView()
    answer.binData = content
    assert answer.binData == content
    assert answer.to_json() == {"binData": "AAE="}


def test_bytes_that_are_no_base64_are_bad_data() -> None:
    with pytest.raises(SeldonError, match="binData is not base64"):
        _ = SeldonMessageView({"binData": "?"}).binData
