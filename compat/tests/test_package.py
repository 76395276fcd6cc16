"""What user classes import from ``seldon_core``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format

import seldon_runtime
from seldon_core import Storage
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.metrics import create_counter, create_gauge, create_timer
from seldon_core.proto import prediction_pb2
from seldon_core.user_model import SeldonComponent, SeldonNotImplementedError, SeldonResponse
from seldon_core.utils import (
    array_to_grpc_datadef,
    array_to_rest_datadef,
    construct_response,
    construct_response_json,
    extract_feedback_request_parts,
    extract_request_parts,
    extract_request_parts_json,
    feedback_to_json,
    get_data_from_proto,
    get_meta_from_proto,
    getenv,
    getenv_as_bool,
    grpc_datadef_to_array,
    json_to_feedback,
    json_to_seldon_message,
    json_to_seldon_messages,
    seldon_message_to_json,
    seldon_messages_to_json,
)

KINDS = ["tensor", "ndarray", "tftensor"]


def test_the_base_class_takes_any_parameter_and_is_the_runtimes() -> None:
    assert isinstance(SeldonComponent(anything=1), seldon_runtime.Component)
    with pytest.raises(SeldonNotImplementedError):
        SeldonComponent().predict([], [])


def test_a_response_is_the_runtimes_and_can_be_changed() -> None:
    response = SeldonResponse([[1]], {"a": 1}, [])
    assert isinstance(response, seldon_runtime.Response)
    response.tags = {"b": 2}
    assert (response.data, response.tags, response.metrics) == ([[1]], {"b": 2}, [])


def test_an_exception_chooses_the_answer() -> None:
    plain = SeldonMicroserviceException("trouble")
    assert (plain.message, plain.status_code, plain.reason) == ("trouble", 400, "MICROSERVICE_BAD_DATA")
    chosen = SeldonMicroserviceException("no", 403, payload={"a": 1}, reason="MINE")
    assert (chosen.status_code, chosen.reason, chosen.payload) == (403, "MINE", {"a": 1})
    assert isinstance(chosen, seldon_runtime.SeldonError)


@pytest.mark.parametrize(
    ("make", "kind"), [(create_counter, "COUNTER"), (create_gauge, "GAUGE"), (create_timer, "TIMER")]
)
def test_metrics_are_made_with_and_without_tags(make: Any, kind: str) -> None:
    assert make("k", 1.5) == {"key": "k", "type": kind, "value": 1.5}
    assert make("k", 1, tags={"a": "b"}) == {"key": "k", "type": kind, "value": 1, "tags": {"a": "b"}}
    with pytest.raises(TypeError):
        make("k", "1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("array", [np.array([[1.5, 2.0]]), np.arange(6.0).reshape(1, 2, 3)])
def test_an_array_survives_the_way_to_protobuf_and_back(kind: str, array: np.ndarray) -> None:
    datadef = array_to_grpc_datadef(kind, array, ["a", "b"])
    assert datadef.WhichOneof("data_oneof") == kind
    assert list(datadef.names) == ["a", "b"]
    np.testing.assert_array_equal(grpc_datadef_to_array(datadef), array)
    message = prediction_pb2.SeldonMessage(data=datadef)
    np.testing.assert_array_equal(get_data_from_proto(message), array)


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_as_json_is_the_message_as_json(kind: str) -> None:
    array = np.array([[1.5, 2.0]])
    datadef = array_to_rest_datadef(kind, array, ["a", "b"])
    message = json_to_seldon_message({"data": datadef})
    np.testing.assert_array_equal(get_data_from_proto(message), array)
    assert seldon_message_to_json(message)["data"] == datadef
    value, meta, given, name = extract_request_parts_json({"data": datadef, "meta": {"puid": "p"}})
    np.testing.assert_array_equal(value, array)
    assert (meta, given, name) == ({"puid": "p"}, datadef, "data")


def test_an_unknown_kind_of_array_is_refused() -> None:
    for make in (array_to_grpc_datadef, array_to_rest_datadef):
        with pytest.raises(ValueError, match="expected ndarray, tensor, tftensor"):
            make("matrix", [[1]])


@pytest.mark.parametrize(
    ("payload", "value"),
    [({"strData": "x"}, "x"), ({"binData": "AQI="}, b"\x01\x02"), ({"jsonData": {"a": [1.0]}}, {"a": [1.0]})],
)
def test_other_payloads_are_read_with_their_meta(payload: dict[str, Any], value: Any) -> None:
    message = json_to_seldon_message({**payload, "meta": {"tags": {"t": 1.0}}})
    (name,) = payload
    assert extract_request_parts(message) == (value, {"tags": {"t": 1.0}}, message.data, name)
    assert get_meta_from_proto(message) == {"tags": {"t": 1.0}}
    assert extract_request_parts_json(payload) == (value, {}, {}, name)


def test_feedback_and_messages_survive_the_way_to_protobuf_and_back() -> None:
    feedback = {"reward": 0.5, "truth": {"strData": "x"}}
    assert feedback_to_json(json_to_feedback(feedback)) == feedback
    messages = [{"strData": "x"}, {"data": {"ndarray": [[1.0]]}}]
    assert seldon_messages_to_json(json_to_seldon_messages(messages)) == {"seldonMessages": messages}
    assert json_to_seldon_messages({"seldonMessages": messages}) == json_to_seldon_messages(messages)
    assert json_to_seldon_message(None) == prediction_pb2.SeldonMessage()


def test_what_is_no_message_is_refused_as_the_callers_fault() -> None:
    with pytest.raises(SeldonMicroserviceException, match="SeldonMessage") as refusal:
        json_to_seldon_message({"dat": 1})
    assert refusal.value.status_code == 400
    with pytest.raises(seldon_runtime.SeldonError, match="no payload"):
        get_data_from_proto(prediction_pb2.SeldonMessage())


def test_the_messages_are_known_to_protobufs_own_json_functions() -> None:
    message = json_format.Parse('{"strData": "x"}', prediction_pb2.SeldonMessage())
    assert json_format.MessageToDict(message) == {"strData": "x"}
    assert prediction_pb2.DESCRIPTOR.package == "seldon.protos"


class Annotated(SeldonComponent):
    """With something beside its result."""

    def class_names(self) -> list[str]:
        return ["no", "yes"]

    def tags(self) -> dict[str, Any]:
        return {"own": 1}

    def metrics(self) -> list[dict[str, Any]]:
        return [create_gauge("level", 2)]


REQUEST = {
    "data": {"tensor": {"shape": [1, 1], "values": [1.0]}},
    "meta": {"puid": "p", "tags": {"client": "c"}},
}


def test_a_raw_method_can_answer_what_an_ordinary_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREDICTIVE_UNIT_ID", "unit")
    result = SeldonResponse(np.array([[0.25, 0.75]]), tags={"this": True})
    expected = {
        "data": {"names": ["no", "yes"], "tensor": {"shape": [1, 2], "values": [0.25, 0.75]}},
        "meta": {
            "puid": "p",
            "tags": {"client": "c", "own": 1, "this": True},
            "requestPath": {"unit": "NOT_IMPLEMENTED:NOT_IMPLEMENTED"},
            "metrics": [{"key": "level", "type": "GAUGE", "value": 2}],
        },
    }
    assert construct_response_json(Annotated(), False, REQUEST, result) == expected
    message = construct_response(Annotated(), False, json_to_seldon_message(REQUEST), result)
    assert json_to_seldon_message(expected) == message


def test_an_answer_can_be_given_another_meta() -> None:
    answer = construct_response_json(object(), True, {"strData": "x"}, "y", meta={"puid": "q"})
    assert answer == {"strData": "y", "meta": {"puid": "q"}}


def test_the_parts_of_a_feedback_are_arrays_that_may_be_empty() -> None:
    data = {"names": ["a"], "ndarray": [[1.0]]}
    feedback = json_to_feedback({"request": {"data": data}, "truth": {"strData": "x"}, "reward": 0.5})
    datadef, features, truth, reward = extract_feedback_request_parts(feedback)
    assert (list(datadef.names), features.tolist(), truth.tolist(), reward) == (["a"], [[1.0]], [], 0.5)
    assert extract_feedback_request_parts(json_to_feedback({"reward": 1}))[1].tolist() == []


def test_the_first_variable_that_is_set_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND", "True")
    assert (getenv("FIRST", "SECOND"), getenv("FIRST"), getenv("FIRST", default="d")) == ("True", None, "d")
    assert (getenv_as_bool("FIRST", "SECOND"), getenv_as_bool("FIRST", default=True)) == (True, True)
    monkeypatch.setenv("FIRST", "0")
    assert getenv_as_bool("FIRST", "SECOND") is False


def test_a_models_files_are_found_on_this_machine_and_nowhere_else(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1")
    assert Storage.download(str(model)) == Storage.download(f"file://{model}") == str(model)
    for place in (model, model / "weights"):
        copy = Storage.download(str(place), str(tmp_path / "copies" / place.name))
        assert Path(copy, "weights").read_text() == "1"
    with pytest.raises(ValueError, match="not on this machine"):
        Storage.download("s3://bucket/model")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Storage.download(str(tmp_path / "absent"))
