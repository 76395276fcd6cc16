"""Classes of the Seldon v1 wrapper use the package as they are."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Struct, Value

import seldon_runtime
from seldon_core import env_utils, user_model
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.metrics import SeldonMetrics, create_counter, split_image_tag, validate_metrics
from seldon_core.microservice import (
    _as_in_the_wrapper,
    _has_several_threads,
    command,
    load_annotations,
    parse_parameters,
)
from seldon_core.proto import prediction_pb2 as pb
from seldon_core.user_model import SeldonComponent, SeldonNotImplementedError, SeldonResponse
from seldon_core.utils import construct_response, construct_response_json, get_data_from_proto
from seldon_core.wrapper import get_rest_microservice
from seldon_runtime.plugin import StartupError


def packed() -> AnyMessage:
    box = AnyMessage()
    box.Pack(Value(string_value="x"))
    return box


def test_messages_of_protobufs_default_pool_fit_everywhere() -> None:
    text, struct = Value(string_value="x"), Struct()
    struct["a"] = 1
    message = pb.SeldonMessage(jsonData=Value(struct_value=struct), meta=pb.Meta(tags={"a": text}))
    message.meta.tags["b"].CopyFrom(text)
    copied = Value()
    copied.CopyFrom(message.meta.tags["b"])
    assert copied == text
    assert get_data_from_proto(message) == {"a": 1.0}
    custom = pb.SeldonMessage(customData=packed())
    assert isinstance(custom.customData, AnyMessage)
    assert isinstance(get_data_from_proto(custom), AnyMessage)


TENSORFLOW = """
    import sys
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    pool = descriptor_pool.Default()
    file = descriptor_pb2.FileDescriptorProto(name="tensorflow/core/framework/tensor.proto")
    file.package, file.syntax = "tensorflow", "proto3"
    tensor = file.message_type.add(name="TensorProto")
    tensor.field.add(name="float_val", number=5, type=2, label=3)
    pool.AddSerializedFile(file.SerializeToString())
    TensorProto = message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.TensorProto"))
    from seldon_core.proto import prediction_pb2 as pb
    data = pb.DefaultData(tftensor=TensorProto(float_val=[1.0]))
    TensorProto().CopyFrom(data.tftensor)
    print(list(data.tftensor.float_val))
"""
CLASHING = """
    from google.protobuf import descriptor_pb2, descriptor_pool
    file = descriptor_pb2.FileDescriptorProto(name="other.proto", package="seldon.protos")
    file.message_type.add(name="Meta")
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    from seldon_core.proto import prediction_pb2 as pb
    print(pb.SeldonMessage(strData="x").strData)
"""


@pytest.mark.parametrize(("program", "printed"), [(TENSORFLOW, "[1.0]"), (CLASHING, "x")])
def test_messages_that_are_in_the_default_pool_already_are_used_or_do_no_harm(
    program: str, printed: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, printed), done.stderr


def test_an_exception_takes_four_positional_arguments_and_shows_its_answer() -> None:
    error = SeldonMicroserviceException("no", 403, {"a": 1}, "MINE")
    assert (error.message, error.status_code, error.payload, error.reason) == ("no", 403, {"a": 1}, "MINE")
    assert error.to_dict() == {"status": {"status": 1, "info": "no", "code": -1, "reason": "MINE"}}

    class Missing(SeldonMicroserviceException):
        status_code = 404

    assert (Missing("x").status_code, Missing("x", 410).status_code) == (404, 410)
    assert SeldonMicroserviceException.status_code == SeldonMicroserviceException("x").status_code == 400


def test_a_response_has_a_dict_and_a_list_of_its_own() -> None:
    first, second = SeldonResponse("a"), SeldonResponse("b")
    first.tags["x"] = 1  # type: ignore[index]
    first.metrics.append(create_counter("k", 1))  # type: ignore[union-attr]
    assert (second.tags, second.metrics) == ({}, [])
    assert SeldonResponse.create(first) is first
    assert SeldonResponse.create([1]).data == [1]
    assert SeldonResponse.create(seldon_runtime.Response(1, tags={"t": 1})).tags == {"t": 1}


def test_methods_of_the_base_class_may_be_called_by_super() -> None:
    base = SeldonComponent()
    base.load()
    for name in ("predict", "transform_input", "transform_output", "route", "aggregate", "send_feedback"):
        with pytest.raises(SeldonNotImplementedError):
            getattr(base, f"{name}_raw")(None)
    for method in (base.health_status_raw, base.metadata, base.tags):
        with pytest.raises(SeldonNotImplementedError):
            method()


class Whole(SeldonComponent):
    """A component with every method."""

    class_names = ("a", "b")

    def predict(self, X: Any, features_names: Any) -> Any:
        return X * 2

    def transform_input(self, X: Any, names: Any, meta: Any = None) -> Any:
        return SeldonResponse(meta)

    def route(self, X: Any, names: Any) -> int:
        return 1

    def aggregate(self, features_list: Any, names_list: Any) -> Any:
        return features_list[0]

    def send_feedback(self, features: Any, names: Any, reward: Any, truth: Any, routing: Any = None) -> Any:
        return [reward, routing]

    def tags(self) -> dict[str, Any]:
        return {"t": 1}

    def health_status(self) -> str:
        return "fine"


def test_helpers_call_the_methods_of_a_component() -> None:
    user, bare = Whole(), SeldonComponent()
    assert user_model.client_predict(user, 2, [], meta={"m": 1}).data == 4
    assert user_model.client_predict(bare, 2, []).data == []
    assert user_model.client_transform_input(user, 2, [], meta={"m": 1}).data == {"m": 1}
    assert user_model.client_transform_output(user, 2, []).data == 2
    assert user_model.client_route(user, 2, []).data == 1
    assert user_model.client_aggregate(user, [7], []).data == 7
    assert user_model.client_send_feedback(user, 1, [], 0.5, None, 2).data == [0.5, 2]  # type: ignore[union-attr]
    assert user_model.client_send_feedback(bare, 1, [], 0.5, None, 2) is None
    assert user_model.client_health_status(user) == "fine"
    assert user_model.client_class_names(user, np.ones((1, 2))) == ("a", "b")
    assert user_model.client_class_names(bare, np.ones((1, 2))) == ["t:0", "t:1"]
    assert user_model.client_class_names(bare, np.ones(2)) == []
    assert user_model.client_feature_names(bare, ["o"]) == ["o"]
    assert (user_model.client_custom_tags(user), user_model.client_custom_tags(bare)) == ({"t": 1}, {})
    assert user_model.client_custom_metrics(bare) == []
    for call in (user_model.client_route, user_model.client_aggregate):
        with pytest.raises(SeldonNotImplementedError):
            call(bare, [], [])


def test_answers_are_made_for_requests_of_every_kind_with_metrics_and_tags() -> None:
    array, metric = np.array([[1.0, 2.0]]), create_counter("k", 1)
    for request in ({}, {"data": {"tensor": {"shape": (1, 2), "values": [1, 2]}}}, {"binData": b"x"}):
        answer = construct_response_json(object(), False, request, array)
        assert answer["data"]["tensor"]["values"] == [1.0, 2.0]
    listed = construct_response_json(
        object(), False, {"data": {"ndarray": [[1]]}}, array, {}, [metric], {"r": "t"}
    )
    assert listed["data"]["ndarray"] == [[1.0, 2.0]]
    assert (listed["meta"]["metrics"], listed["meta"]["tags"]) == ([metric], {"r": "t"})
    message = construct_response(object(), False, pb.SeldonMessage(), array, None, [metric], {"r": "t"})
    assert isinstance(message, pb.SeldonMessage)
    assert (message.data.tensor.values[:], message.meta.tags["r"].string_value) == ([1.0, 2.0], "t")


def test_parameters_and_metrics_are_checked() -> None:
    entries = [{"name": "n", "value": "1", "type": "INT"}]
    assert parse_parameters(entries) == {"n": 1}
    with pytest.raises(StartupError):
        parse_parameters([{"name": "n", "value": "x", "type": "INT"}])
    assert validate_metrics([create_counter("k", 1)])
    assert not validate_metrics([{"key": "k"}])
    assert not validate_metrics({"key": "k"})
    assert split_image_tag("registry:5000/a:1") == ("registry:5000/a", "1")
    assert load_annotations() == {}


def test_names_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREDICTIVE_UNIT_ID", "unit")
    monkeypatch.setenv("PREDICTOR_LABELS", '{"version": "v1"}')
    assert (env_utils.get_model_name(), env_utils.get_predictor_version()) == ("unit", "v1")
    assert env_utils.get_deployment_name() == env_utils.get_predictor_name() == env_utils.NONIMPLEMENTED_MSG
    assert env_utils.get_image_name() == env_utils.NONIMPLEMENTED_IMAGE_MSG


@pytest.mark.parametrize(
    ("words", "debug", "api_type"),
    [
        (["--debug", "true", "Model"], True, None),
        (["Model", "--debug"], True, None),
        (["--debug", "Model", "REST"], True, "REST"),
        (["Model", "--debug", "0", "REST"], False, "REST"),
        (["Model", "--debug=none"], False, None),
        (["Model", "--tracing", "1", "--access-log", "FALSE"], None, None),
    ],
)
def test_switches_take_a_value_or_none(words: list[str], debug: bool | None, api_type: str | None) -> None:
    given = command.make_context("seldon-core-microservice", list(words)).params
    assert (given["interface_name"], given["debug"], given["api_type"]) == ("Model", debug, api_type)


def test_the_component_has_the_main_thread_unless_there_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _has_several_threads({"threads": None})
    assert not _has_several_threads({"threads": 4, "single_threaded": True})
    assert _has_several_threads({"threads": 4})
    monkeypatch.setenv("GUNICORN_THREADS", "4")
    assert _has_several_threads({})
    assert not _has_several_threads({"threads": 1})


class Hinted:
    """Its hint is not true: the wrapper hands it an array."""

    def predict(self, X: str, names: Any) -> Any:
        return type(X).__name__


def test_type_hints_have_no_effect_as_in_the_wrapper(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"data": {"ndarray": [[1, 2]]}}
    client = get_rest_microservice(Hinted(), SeldonMetrics()).test_client()
    assert client.post("/predict", json=row).get_json()["strData"] == "ndarray"
    monkeypatch.delenv("SELDON_TYPE_HINTS", raising=False)
    assert "--type-hints=ignore" in _as_in_the_wrapper({})
    monkeypatch.setenv("SELDON_TYPE_HINTS", "convert")
    assert "--type-hints=ignore" not in _as_in_the_wrapper({})


def test_a_component_is_tested_by_flasks_test_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREDICTIVE_UNIT_ID", "unit")
    client = get_rest_microservice(Whole(), SeldonMetrics()).test_client()
    answer = client.post("/predict", json={"data": {"ndarray": [[1, 2]]}})
    assert (answer.status_code, answer.json["data"]) == (200, {"names": ["a", "b"], "ndarray": [[2, 4]]})
    assert answer.json["meta"]["tags"] == {"t": 1}
    by_query = client.get("/predict", query_string={"json": '{"strData": "x"}'})
    assert by_query.json["strData"] == "xx"
    form = client.post("/predict", data={"json": '{"strData": "y"}'})
    assert form.json["strData"] == "yy"
    assert client.get("/health/ping").text == "pong"
    refused = client.post("/predict", json={})
    assert (refused.status_code, refused.json["status"]["reason"]) == (400, "MICROSERVICE_BAD_DATA")
    assert client.get("/nothing").status_code == 404
    assert client.get("/seldon.json").status_code == 200
    monkeypatch.setenv("SELDON_DOCS", "0")
    silent = get_rest_microservice(Whole(), SeldonMetrics()).test_client()
    assert (silent.get("/seldon.json").status_code, silent.get("/docs/").status_code) == (404, 404)
