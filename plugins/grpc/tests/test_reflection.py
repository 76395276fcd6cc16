"""Reflection, as any client of it sees it."""

from __future__ import annotations

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.v1.services import SERVICES


def test_an_open_stream_does_not_hold_up_the_end(serve, gate):
    served = serve(gate)
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])

    def endless():
        yield from requests
        gate.open.wait(WAIT_S)

    answers = reflection_pb2_grpc.ServerReflectionStub(served.channel).ServerReflectionInfo(endless())
    next(answers)
    served.transport.stop_accepting()
    served.transport.stop(WAIT_S)
    assert answers.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_a_generic_client_learns_everything_by_reflection(serve):
    class Doubler:
        def predict(self, X, features_names):
            return X * 2

    served = serve(Doubler())
    database = ProtoReflectionDescriptorDatabase(served.channel)
    assert set(SERVICES) < set(database.get_services())
    pool = DescriptorPool(database)
    method = pool.FindServiceByName("seldon.protos.Model").methods_by_name["Predict"]
    request = ParseDict(
        {"data": {"ndarray": [[1, 2]]}}, GetMessageClass(method.input_type)(), descriptor_pool=pool
    )
    answer = served.channel.unary_unary(
        "/seldon.protos.Model/Predict",
        request_serializer=type(request).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )(request, timeout=WAIT_S)
    assert MessageToDict(answer)["data"]["ndarray"] == [[2.0, 4.0]]


def test_a_generic_client_calls_a_stream_that_reflection_describes(serve):
    class Spells:
        def predict(self, X, features_names):
            yield from X

    served = serve(Spells())
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(served.channel))
    method = pool.FindServiceByName("seldon.protos.Model").methods_by_name["PredictStream"]
    assert (method.client_streaming, method.server_streaming) == (False, True)
    request = GetMessageClass(method.input_type)(strData="abc")
    answers = served.channel.unary_stream(
        "/seldon.protos.Model/PredictStream",
        request_serializer=type(request).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )(request, timeout=WAIT_S)
    assert [answer.strData for answer in answers] == ["a", "b", "c"]


def test_health_is_described_too(serve, gate):
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(serve(gate).channel))
    assert "Check" in pool.FindServiceByName("grpc.health.v1.Health").methods_by_name


def test_reflection_can_be_switched_off(serve):
    served = serve(object(), docs=False)
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    answers = reflection_pb2_grpc.ServerReflectionStub(served.channel).ServerReflectionInfo(
        requests, timeout=WAIT_S
    )
    assert answers.code() is grpc.StatusCode.UNIMPLEMENTED
