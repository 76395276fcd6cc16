"""Answers as messages: custom data, metadata, and an error for a value that protobuf cannot hold."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import any_pb2, wrappers_pb2

from seldon_runtime.plugin import ErrorCode, Kind, Message, Method, Payload, SeldonError
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage, SeldonModelMetadata, Tensor

from .answers import CODEC, Identical, answer, as_dict, error, message


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


def test_metadata_are_a_message_of_their_own():
    document = {"name": "m", "versions": ["1"], "unknown": 2}
    written = CODEC.write(Method.METADATA, Message(Payload(Kind.JSON, document)))
    assert as_dict(SeldonModelMetadata.FromString(written)) == {"name": "m", "versions": ["1"]}


def test_metadata_that_protobuf_cannot_hold_are_an_error():
    with pytest.raises(SeldonError) as caught:
        CODEC.write(Method.METADATA, Message(Payload(Kind.JSON, {"name": ["m"]})))
    assert caught.value.code is ErrorCode.BAD_METADATA
