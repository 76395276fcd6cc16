"""Calls that hold no thread, and calls that hold one because of a setting or another grpcio."""

from __future__ import annotations

import threading

import grpc
import pytest

from seldon_runtime.plugin import Limits
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.server import callback_exchange


def pool_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("grpc-call-")}


def test_the_installed_grpcio_is_supported():
    assert callback_exchange.is_supported()


def test_calls_that_wait_for_the_component_hold_no_threads(serve, gate):
    before = pool_threads()
    served = serve(gate)
    calls = [served.stub().future(SeldonMessage(strData=str(i))) for i in range(50)]
    gate.wait_until_entered()
    assert pool_threads() == before
    gate.open.set()
    assert [call.result(WAIT_S).strData for call in calls] == [str(i) for i in range(50)]


def test_a_limit_to_the_threads_is_one_to_the_calls_that_are_held(serve, gate):
    before = pool_threads()
    served = serve(gate, grpc_threads=8)
    calls = [served.stub().future(SeldonMessage(strData=str(i))) for i in range(5)]
    gate.wait_until_entered()
    gate.open.set()
    assert [call.result(WAIT_S).strData for call in calls] == [str(i) for i in range(5)]
    assert pool_threads() - before


@pytest.mark.parametrize("name", ["_status", "_possibly_finish_call", "_RECEIVE_MESSAGE_TOKEN", "_Context"])
def test_where_grpcio_lacks_a_part_calls_are_answered_by_threads(serve, monkeypatch, name):
    with monkeypatch.context() as patch:
        patch.delattr(callback_exchange._server, name)
        assert not callback_exchange.is_supported()
    monkeypatch.setattr(callback_exchange, "is_supported", lambda: False)
    served = serve(Nameless())
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
    assert served.error(SeldonMessage(strData="fail")).code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("threads", [None, 4])
def test_a_call_is_told_at_its_deadline_that_the_component_still_has_it(serve, gate, threads):
    served = serve(gate, service={"limits": Limits(timeout_s=0.2)}, grpc_threads=threads)
    error = served.error(timeout=WAIT_S)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "was not answered within its time" in error.details()
    assert not gate.open.is_set()


def test_a_fault_of_the_runtime_ends_its_own_call_only(serve, caplog):
    served = serve(Nameless())
    submit = served.service.submit
    served.service.submit = None
    assert served.error().code() is grpc.StatusCode.INTERNAL
    assert "cannot start a call of /seldon.protos.Model/Predict" in caplog.text
    served.service.submit = submit
    assert served.ask(SeldonMessage(strData="s")).strData == "s"


@pytest.mark.parametrize("is_answered_before", [True, False])
def test_a_call_that_is_begun_and_fails_then_is_answered_once(serve, gate, monkeypatch, is_answered_before):
    served = serve(gate)
    submit, send = served.service.submit, callback_exchange._server._status
    answered = threading.Event()
    sent = []

    def submit_and_fail(call, done):
        submit(call, lambda *outcome: (done(*outcome), answered.set()))
        if is_answered_before:
            gate.open.set()
            assert answered.wait(WAIT_S)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(served.service, "submit", submit_and_fail)
    monkeypatch.setattr(
        callback_exchange._server, "_status", lambda *answer: (sent.append(answer), send(*answer))
    )
    if is_answered_before:
        assert served.ask().strData == "s"
    else:
        assert served.error().code() is grpc.StatusCode.INTERNAL
    gate.open.set()
    assert answered.wait(WAIT_S)
    served.stop()
    assert len(sent) == 1


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("threads", [None, 4])
@pytest.mark.parametrize(
    ("request_", "code"),
    [(SeldonMessage(strData="s"), grpc.StatusCode.OK), (b"\xff", grpc.StatusCode.INVALID_ARGUMENT)],
    ids=["answered", "refused"],
)
def test_a_call_is_no_stream_of_its_connection_any_more_when_it_is_over(serve, threads, request_, code):
    """grpc counts it until it is disposed of, and refuses further ones."""
    served = serve(Nameless(), grpc_threads=threads, queue_size=1)
    for _ in range(300):
        assert served.stub().future(request_, timeout=WAIT_S).code() is code


class Nameless:
    def predict(self, X, features_names):
        if X == "fail":
            raise RuntimeError("asked to")
        return X
