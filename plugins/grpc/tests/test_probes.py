"""Health and reflection, as any client of them sees them."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime_grpc import probes
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.services import SERVICES

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

LIMIT_S = 20


def check(served, name=""):
    request = health_pb2.HealthCheckRequest(service=name)
    return health_pb2_grpc.HealthStub(served.channel).Check(request, timeout=LIMIT_S).status


@pytest.mark.parametrize("name", ["", *SERVICES])
def test_health_follows_readiness(serve, gate, name):
    served = serve(gate)
    assert check(served, name) == SERVING
    served.service.ready = False
    assert check(served, name) == NOT_SERVING


def test_health_of_an_unknown_service_is_not_found(serve, gate):
    with pytest.raises(grpc.RpcError) as caught:
        check(serve(gate), "seldon.protos.Nothing")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_degraded_state_is_told_under_a_name_of_its_own_and_the_server_still_serves(serve, gate):
    served = serve(gate)
    assert check(served, "state") == SERVING
    served.service.degraded["state"] = "the store does not answer"
    assert check(served, "state") == NOT_SERVING
    assert [check(served, name) for name in ("", *SERVICES)] == [SERVING] * (1 + len(SERVICES))
    del served.service.degraded["state"]
    assert check(served, "state") == SERVING
    served.service.ready = False
    assert check(served, "state") == NOT_SERVING


def test_it_is_live_whatever_happens_until_a_call_hangs(serve, gate):
    served = serve(gate)
    served.service.ready = False
    assert check(served, "live") == SERVING
    served.transport._probes.drain()
    assert check(served, "live") == SERVING
    served.service.alive = False
    assert check(served, "live") == NOT_SERVING


def test_those_who_watch_the_state_are_told_of_each_change_once(serve, gate, monkeypatch):
    monkeypatch.setattr(probes, "_LOOK_LATER_S", 0.001)
    served = serve(gate)
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(
        health_pb2.HealthCheckRequest(service="state"), timeout=LIMIT_S
    )
    statuses = (answer.status for answer in watch)
    told = [next(statuses)]
    if told == [NOT_SERVING]:  # asked before readiness was noticed
        told = [next(statuses)]
    for degraded in ({"state": "down"}, {}, {"state": "down"}):
        for _ in range(20):  # it looks often meanwhile
            check(served)
        served.service.degraded = degraded
        told.append(next(statuses))
    assert told == [SERVING, NOT_SERVING, SERVING, NOT_SERVING]
    watch.cancel()


def test_health_is_answered_while_calls_run_and_wait(serve, gate):
    served = serve(gate, grpc_threads=2)
    calls = [served.stub().future(SeldonMessage(strData="s"), timeout=LIMIT_S) for _ in range(5)]
    gate.wait_until_entered()
    assert check(served) == SERVING
    gate.open.set()
    assert all(call.result(LIMIT_S) for call in calls)


def test_those_who_watch_are_told_of_draining(serve, gate):
    served = serve(gate)
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(health_pb2.HealthCheckRequest(), timeout=LIMIT_S)
    statuses = (answer.status for answer in watch)
    told = next(statuses)
    if told == NOT_SERVING:  # asked before readiness was noticed
        told = next(statuses)
    assert told == SERVING
    served.transport.stop_accepting()
    assert next(statuses) == NOT_SERVING
    served.transport.stop(LIMIT_S)
    with pytest.raises((StopIteration, grpc.RpcError)):
        next(statuses)


def test_an_open_stream_does_not_hold_up_the_end(serve, gate):
    served = serve(gate)
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])

    def endless():
        yield from requests
        gate.open.wait(LIMIT_S)

    answers = reflection_pb2_grpc.ServerReflectionStub(served.channel).ServerReflectionInfo(endless())
    next(answers)
    served.transport.stop_accepting()
    served.transport.stop(LIMIT_S)
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
    )(request, timeout=LIMIT_S)
    assert MessageToDict(answer)["data"]["ndarray"] == [[2.0, 4.0]]


def test_health_is_described_too(serve, gate):
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(serve(gate).channel))
    assert "Check" in pool.FindServiceByName("grpc.health.v1.Health").methods_by_name
