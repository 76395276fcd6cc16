"""Messages, and what a user's object answers to them in a component, without a server."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.plugin import Call, Limits, Method, SeldonError
from seldon_runtime.service.pipeline import Pipeline
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1.codec import GrpcCodec

CODEC = GrpcCodec(Limits())


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
