"""Health, as any client of it sees it."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc import health
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1.services import SERVICES

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def check(served, name=""):
    request = health_pb2.HealthCheckRequest(service=name)
    return health_pb2_grpc.HealthStub(served.channel).Check(request, timeout=WAIT_S).status


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
    served.transport._health.drain()
    assert check(served, "live") == SERVING
    served.service.alive = False
    assert check(served, "live") == NOT_SERVING


def test_those_who_watch_the_state_are_told_of_each_change_once(serve, gate, monkeypatch):
    monkeypatch.setattr(health, "_LOOK_LATER_S", 0.001)
    served = serve(gate)
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(
        health_pb2.HealthCheckRequest(service="state"), timeout=WAIT_S
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
    calls = [served.stub().future(SeldonMessage(strData="s"), timeout=WAIT_S) for _ in range(5)]
    gate.wait_until_entered()
    assert check(served) == SERVING
    gate.open.set()
    assert all(call.result(WAIT_S) for call in calls)


def test_those_who_watch_are_told_of_draining(serve, gate):
    served = serve(gate)
    watch = health_pb2_grpc.HealthStub(served.channel).Watch(health_pb2.HealthCheckRequest(), timeout=WAIT_S)
    statuses = (answer.status for answer in watch)
    told = next(statuses)
    if told == NOT_SERVING:  # asked before readiness was noticed
        told = next(statuses)
    assert told == SERVING
    served.transport.stop_accepting()
    assert next(statuses) == NOT_SERVING
    served.transport.stop(WAIT_S)
    with pytest.raises((StopIteration, grpc.RpcError)):
        next(statuses)
