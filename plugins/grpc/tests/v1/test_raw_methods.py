"""Raw methods, which see and return messages themselves."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from seldon_runtime.plugin import Call, ErrorCode, Method
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage, Tensor

from .answers import CODEC, answer, as_dict, error, message, run


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
