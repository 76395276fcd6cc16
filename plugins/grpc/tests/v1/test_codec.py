"""Requests and answers as messages. The user's objects run in a component, without a server."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from google.protobuf import any_pb2, wrappers_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import (
    Call,
    ErrorCode,
    Identity,
    Kind,
    Limits,
    Message,
    Meta,
    Method,
    Payload,
    SeldonError,
    ServiceType,
)
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import (
    Feedback,
    SeldonMessage,
    SeldonMessageList,
    SeldonModelMetadata,
    Tensor,
)
from seldon_runtime_grpc.v1 import numbers
from seldon_runtime_grpc.v1.codec import GrpcCodec
from seldon_runtime_grpc.v1.values import fill_list

CODEC = GrpcCodec(Limits())
shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
floats = arrays.arrays(np.float64, shapes, elements=st.floats(allow_nan=False))


class Identical:
    def predict(self, X, features_names, meta=None):
        self.seen = X, features_names, meta
        return X


def message(**fields):
    return ParseDict(fields, SeldonMessage(), descriptor_pool=POOL)


def run(user, call, **component):
    return Pipeline(ComponentAdapter(user, **component), lambda call: {}, (), pytest.fail).run(call)


def answer(user, request, method=Method.PREDICT, codec=CODEC, **component):
    written = run(user, Call(method, request.SerializeToString(), codec, "grpc"), **component)
    assert isinstance(written, bytes)
    return SeldonMessage.FromString(written)


def as_dict(answered):
    return MessageToDict(answered, descriptor_pool=POOL)


def error(user, request, method=Method.PREDICT, **component):
    with pytest.raises(SeldonError) as caught:
        answer(user, request, method, **component)
    return caught.value


@given(floats, st.sampled_from([Kind.TENSOR, Kind.NDARRAY, Kind.TFTENSOR]), st.lists(st.text(), max_size=3))
def test_what_is_encoded_is_decoded_to_the_same(array, kind, names):
    meta = Meta(
        "p", {"t": [1.5, {"a": None}]}, {"r": 2}, {"m": "i:1"}, [{"key": "k", "type": "TIMER", "value": 0.1}]
    )
    written = CODEC.write(Method.PREDICT, Message(Payload(kind, array, names), meta))
    read = CODEC.decode(Method.PREDICT, CODEC.parse(Method.PREDICT, written))
    assert read.meta == meta
    assert (read.payload.kind, read.payload.names) == (kind, names)
    if kind is not Kind.NDARRAY:
        np.testing.assert_array_equal(read.payload.value, array)
        return
    listed = np.array(array.tolist())  # without the dimensions behind an empty one
    finite = np.where(np.isfinite(listed), listed, np.nan)  # a Value holds null in place of other numbers
    np.testing.assert_array_equal(read.payload.value.astype(np.float64), finite)


@pytest.mark.parametrize("kind", [Kind.TENSOR, Kind.NDARRAY])
@pytest.mark.parametrize("count", [1, 10, 11, numbers.FEW, numbers.FEW + 1, 1000])
def test_few_values_and_many_are_read_and_written_alike(kind, count):
    array = np.linspace(-1, 1, count).reshape(1, count)
    expected = SeldonMessage(meta={})
    expected.data.names.append("n")
    if kind is Kind.TENSOR:
        expected.data.tensor.shape.extend(array.shape)
        expected.data.tensor.values.extend(array.ravel().tolist())
    else:
        fill_list(expected.data.ndarray, array.tolist())
    written = CODEC.write(Method.PREDICT, Message(Payload(kind, array, ["n"])))
    assert written == expected.SerializeToString()
    read = CODEC.decode(Method.PREDICT, expected).payload
    np.testing.assert_array_equal(read.value, array)
    assert (read.value.dtype, read.value.flags.writeable) == (np.float64, True)


@given(st.one_of(st.tuples(st.just(Kind.STR), st.text()), st.tuples(st.just(Kind.BINARY), st.binary())))
def test_text_and_bytes_are_decoded_to_the_same(pair):
    written = CODEC.write(Method.PREDICT, Message(Payload(*pair)))
    read = CODEC.decode(Method.PREDICT, CODEC.parse(Method.PREDICT, written))
    assert (read.payload.kind, read.payload.value) == pair


@given(st.binary(max_size=80), st.sampled_from(list(Method)))
def test_any_bytes_are_decoded_or_refused(data, method):
    with suppress(SeldonError):
        CODEC.decode(method, CODEC.parse(method, data))


def test_a_tensor_reaches_the_component_as_writable_floats():
    user = Identical()
    answered = answer(user, message(data={"tensor": {"shape": [2, 1], "values": [1, 2]}, "names": ["a"]}))
    X, names, meta = user.seen
    assert (X.shape, X.dtype, X.flags.writeable, names, meta) == ((2, 1), np.float64, True, ["a"], {})
    assert as_dict(answered) == {
        "meta": {},
        "data": {"names": ["t:0"], "tensor": {"shape": [2, 1], "values": [1.0, 2.0]}},
    }


@pytest.mark.parametrize("values", [[["a", "b"]], [[1.0, None]], [{"a": 1.0}], [[True]], [[]], []])
def test_an_ndarray_of_anything_comes_back(values):
    assert as_dict(answer(Identical(), message(data={"ndarray": values})))["data"]["ndarray"] == values


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"tensor": {"shape": [2], "values": [1, 2, 3]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [-2], "values": [1]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [1]}}, "data.tensor.shape"),
        ({"tensor": {"shape": [0, 2000000000]}}, "data.tensor.shape"),
        ({"ndarray": [[1, 2], [3]]}, "data.ndarray is ragged"),
        ({"tftensor": {"dtype": "DT_COMPLEX64"}}, "data.tftensor.dtype"),
        ({"tftensor": {"dtype": "DT_FLOAT", "scomplexVal": [1]}}, "scomplex"),
    ],
)
def test_a_wrong_array_is_the_callers_fault_and_named(data, part):
    refused = error(Identical(), message(data=data))
    assert refused.code is ErrorCode.BAD_DATA
    assert part in refused.message


@pytest.mark.parametrize("data", [{"tensor": {"shape": [5], "values": [1] * 5}}, {"ndarray": [1] * 5}])
def test_arrays_beyond_the_limit_are_refused(data):
    codec = GrpcCodec(Limits(max_array_values=4))
    with pytest.raises(SeldonError, match="at most 4"):
        answer(Identical(), message(data=data), codec=codec)


def test_a_request_without_payload_is_refused():
    assert "no payload" in error(Identical(), message(meta={"puid": "p"})).message


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i4", "i8", "u1", "u8", "f2"])
def test_a_tftensor_keeps_its_dtype_without_tensorflow(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    request = SeldonMessage.FromString(CODEC.write(Method.PREDICT, Message(Payload(Kind.TFTENSOR, array))))
    user = Identical()
    answered = answer(user, request)
    assert (user.seen[0].dtype, user.seen[0].tolist()) == (array.dtype, array.tolist())
    assert answered.data.tftensor == request.data.tftensor


def test_a_tftensor_may_list_its_values():
    request = message(
        data={"tftensor": {"dtype": "DT_INT64", "tensorShape": {"dim": [{"size": 3}]}, "int64Val": [1, 2]}}
    )
    user = Identical()
    answer(user, request)
    assert user.seen[0].tolist() == [1, 2, 2]


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


def test_an_answer_protobuf_cannot_hold_is_the_components_fault():
    class Odd:
        def predict(self, X, features_names):
            return {"a": object()}

    refused = error(Odd(), message(strData="s"))
    assert refused.code is ErrorCode.COMPONENT_FAILED
    assert "object" in refused.message


def test_names_that_are_no_texts_are_written_as_texts():
    class Named(Identical):
        class_names = np.array([1, 2])

    assert answer(Named(), message(data={"ndarray": [[1, 2]]})).data.names == ["1", "2"]


def test_custom_data_is_an_any_in_and_out():
    request = SeldonMessage()
    request.customData.Pack(Tensor(values=[1]))

    class Unpacking:
        def predict(self, X, features_names):
            tensor = Tensor()
            assert X.Unpack(tensor)
            self.values = list(tensor.values)
            return X

    user = Unpacking()
    assert answer(user, request).customData.value == request.customData.value
    assert user.values == [1.0]


@pytest.mark.parametrize("packed", [True, False])
def test_a_message_of_any_pool_can_be_answered(packed):
    class Answering:
        def predict(self, X, features_names):
            value = wrappers_pb2.StringValue(value="x")
            if not packed:
                return value
            boxed = any_pb2.Any()
            boxed.Pack(value)
            return boxed

    custom = answer(Answering(), message(strData="s")).customData
    assert custom.type_url == "type.googleapis.com/google.protobuf.StringValue"
    assert wrappers_pb2.StringValue.FromString(custom.value).value == "x"


def test_messages_are_combined():
    class Mean:
        def aggregate(self, features_list, names_list):
            return np.mean(features_list, axis=0)

    parts = [message(data={"tensor": {"shape": [1, 2], "values": v}}) for v in ([1, 2], [3, 4])]
    answered = answer(Mean(), SeldonMessageList(seldonMessages=parts), Method.AGGREGATE)
    assert list(answered.data.tensor.values) == [2.0, 3.0]
    assert error(Mean(), SeldonMessageList(), Method.AGGREGATE).code is ErrorCode.BAD_DATA
    empty = SeldonMessageList(seldonMessages=[*parts, SeldonMessage()])
    assert "seldonMessages[2]" in error(Mean(), empty, Method.AGGREGATE).message


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


class Raw:
    def __init__(self, answered):
        self.answered = answered

    def predict_raw(self, request):
        self.seen = request
        return self.answered


def test_a_raw_method_gets_and_returns_messages():
    user = Raw(message(strData="x", meta={"metrics": [{"key": "k", "value": 2}]}))
    assert answer(user, message(strData="s")) == user.answered
    assert user.seen.DESCRIPTOR.full_name == SeldonMessage.DESCRIPTOR.full_name  # of whatever pool
    assert user.seen.strData == "s"


def test_a_raw_method_may_return_a_dict():
    given = {"data": {"ndarray": [[1.0]]}, "meta": {"tags": {"a": "b"}}, "status": {"code": 3}}
    assert as_dict(answer(Raw(given), message(strData="s"))) == given


def test_a_raw_method_may_return_a_message_of_the_users_own_classes():
    pool = DescriptorPool()
    for file in ("google/protobuf/any.proto", "google/protobuf/struct.proto", "google/protobuf/empty.proto"):
        pool.AddSerializedFile(POOL.FindFileByName(file).serialized_pb)
    for name in ("tensor", "prediction"):
        pool.AddSerializedFile(POOL.FindFileByName(f"seldon_runtime_grpc/protos/{name}.proto").serialized_pb)
    theirs = GetMessageClass(pool.FindMessageTypeByName("seldon.protos.SeldonMessage"))
    assert answer(Raw(theirs(strData="x")), message(strData="s")).strData == "x"


@pytest.mark.parametrize("given", [{"unknown": 1}, {"strData": 1}, "text", None, Tensor()])
def test_a_raw_answer_that_is_none_is_the_components_fault(given):
    assert error(Raw(given), message(strData="s")).code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("as_message", [True, False])
def test_metrics_of_a_raw_answer_are_counted_and_can_be_hidden(as_message):
    given = {"strData": "x", "meta": {"puid": "p", "metrics": [{"key": "k", "type": "GAUGE", "value": 0.1}]}}
    user = Raw(message(**given) if as_message else given)
    call = Call(Method.PREDICT, b"", CODEC, "grpc")
    written = run(user, call, show_metrics=False)
    assert [(m.key, m.type, m.value) for m in call.metrics] == [("k", "GAUGE", 0.1)]
    assert as_dict(SeldonMessage.FromString(written)) == {"strData": "x", "meta": {"puid": "p"}}
    assert user.answered == (message(**given) if as_message else given)


def test_the_old_grpc_hooks_get_messages():
    class Old:
        def predict_grpc(self, request):
            return type(request)(strData="hook")

    assert answer(Old(), message(strData="s")).strData == "hook"


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


def test_metadata_are_a_message_of_their_own():
    document = {"name": "m", "versions": ["1"], "unknown": 2}
    written = CODEC.write(Method.METADATA, Message(Payload(Kind.JSON, document)))
    assert as_dict(SeldonModelMetadata.FromString(written)) == {"name": "m", "versions": ["1"]}


def test_metadata_that_protobuf_cannot_hold_are_an_error():
    with pytest.raises(SeldonError) as caught:
        CODEC.write(Method.METADATA, Message(Payload(Kind.JSON, {"name": ["m"]})))
    assert caught.value.code is ErrorCode.BAD_METADATA
