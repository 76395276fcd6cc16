"""Calls that wait for the component: deadlines, limits, the drain, and how the server stops."""

from __future__ import annotations

import socket
import threading
import time

import grpc
import pytest

from seldon_runtime.plugin import Limits, OwnSockets, Settings, StartupError
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.transport import GrpcTransport

from .components import Echo


def trailers(error):
    return dict(error.trailing_metadata())


def test_a_call_whose_deadline_passes_in_the_queue_is_never_run(serve, gate):
    served = serve(gate)
    running = served.stub().future(SeldonMessage(strData="first"), timeout=WAIT_S)
    gate.wait_until_entered()
    late = served.stub().future(SeldonMessage(strData="late"), timeout=0.1)
    assert late.exception(WAIT_S).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    gate.open.set()
    assert running.result(WAIT_S).strData == "first"
    assert served.ask(SeldonMessage(strData="last")).strData == "last"
    assert gate.seen == ["first", "last"]


def test_a_call_whose_client_has_gone_is_never_run(serve, gate, monkeypatch):
    served = serve(gate)
    running = served.stub().future(SeldonMessage(strData="first"), timeout=WAIT_S)
    gate.wait_until_entered()
    submitted, submit = [], served.service.submit
    monkeypatch.setattr(
        served.service, "submit", lambda call, done: (submitted.append(call), submit(call, done))
    )
    gone = served.stub().future(SeldonMessage(strData="gone"), timeout=WAIT_S)
    wait_until(lambda: submitted, "a call to be submitted")
    gone.cancel()
    wait_until(lambda: submitted[0].cancelled, "the call to be cancelled")
    gate.open.set()
    assert running.result(WAIT_S).strData == "first"
    assert served.ask(SeldonMessage(strData="last")).strData == "last"
    assert gate.seen == ["first", "last"]


def test_beyond_the_queue_calls_are_refused_at_once(serve, gate):
    served = serve(gate, queue_size=2)
    accepted = [served.stub().future(SeldonMessage(strData="a"), timeout=WAIT_S)]
    gate.wait_until_entered()
    for _ in range(2):
        accepted.append(served.stub().future(SeldonMessage(strData="a"), timeout=WAIT_S))
    wait_until(lambda: served.executor.waiting == 2, "two calls to wait")
    error = served.error()
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert trailers(error)["x-seldon-reason"] == "MICROSERVICE_OVERLOADED"
    gate.open.set()
    assert [call.result(WAIT_S).strData for call in accepted] == ["a"] * 3


def test_messages_are_taken_up_to_the_limit(serve):
    served = serve(Echo(), grpc_max_message_bytes=5_000_000)
    served.ask(SeldonMessage(strData="x" * 4_100_000), "Model/SendFeedback")  # its answer is small
    error = served.error(SeldonMessage(strData="x" * 5_000_000))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in error.details()
    assert "5000000" in error.details()


def test_a_port_in_use_is_named_with_its_setting(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        with pytest.raises(StartupError, match=r"127\.0\.0\.1:\d+.*--grpc-port"):
            serve(Echo(), grpc_port=taken.getsockname()[1])


def test_two_servers_do_not_share_a_port(serve):
    port = int(serve(Echo()).target.rpartition(":")[2])
    with pytest.raises(StartupError, match="PREDICTIVE_UNIT_GRPC_SERVICE_PORT"):
        serve(Echo(), grpc_port=port)


def test_drain_finishes_accepted_calls_and_refuses_new_ones(serve, gate):
    served = serve(gate)
    accepted = [served.stub().future(SeldonMessage(strData=str(i)), timeout=WAIT_S) for i in range(5)]
    gate.wait_until_entered()
    wait_until(lambda: served.executor.waiting == 4, "four calls to wait")
    served.transport.stop_accepting()
    error = served.error()
    assert (error.code(), trailers(error)["x-seldon-reason"]) == (
        grpc.StatusCode.UNAVAILABLE,
        "MICROSERVICE_UNAVAILABLE",
    )
    stopping = threading.Thread(target=served.transport.stop, args=(WAIT_S,))
    stopping.start()
    assert not accepted[0].done()
    gate.open.set()
    assert [call.result(WAIT_S).strData for call in accepted] == ["0", "1", "2", "3", "4"]
    stopping.join(WAIT_S)
    assert not stopping.is_alive()


def test_stop_gives_up_on_calls_after_the_grace_period(serve, gate):
    served = serve(gate)
    stuck = served.stub().future(SeldonMessage(strData="s"), timeout=WAIT_S)
    gate.wait_until_entered()
    served.transport.stop_accepting()
    began = time.monotonic()
    served.transport.stop(0.2)
    assert time.monotonic() - began < 5
    assert stuck.exception(WAIT_S).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_a_transport_that_never_started_can_be_stopped(serve, plain_settings):
    GrpcTransport(serve(Echo()).service, Settings(plain_settings), [], OwnSockets()).stop(1)


def test_the_runtimes_limit_is_told_while_a_call_runs_and_while_it_waits(serve, gate):
    served = serve(gate, service={"limits": Limits(timeout_s=0.1)})
    calls = [served.stub().future(SeldonMessage(strData=text)) for text in ("runs", "waits")]
    for call in calls:
        error = call.exception(WAIT_S)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert error.details().startswith("the call was not answered within its time")
        assert trailers(error)["x-seldon-reason"] == "MICROSERVICE_DEADLINE_EXCEEDED"
    assert len(gate.seen) == 1
    gate.open.set()
    assert served.ask(SeldonMessage(strData="last"), timeout=None).strData == "last"
    assert len(gate.seen) == 2
