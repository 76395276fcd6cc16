"""Calls without a thread of their own, and with one where that is asked for or cannot be helped."""

from __future__ import annotations

import threading

import grpc
import pytest

from seldon_runtime.limits import Limits
from seldon_runtime_grpc import direct
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

LIMIT_S = 20


def pool_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("grpc-")}


def test_the_installed_grpc_is_built_as_is_needed():
    assert direct.is_possible()


def test_calls_that_wait_for_the_component_hold_no_threads(serve, gate):
    before = pool_threads()
    served = serve(gate)
    calls = [served.stub().future(SeldonMessage(strData=str(i))) for i in range(50)]
    gate.wait_until_entered()
    assert len(pool_threads() - before) <= 1  # that of health
    gate.open.set()
    assert [call.result(LIMIT_S).strData for call in calls] == [str(i) for i in range(50)]


def test_a_limit_to_the_threads_is_one_to_the_calls_that_are_held(serve, gate):
    before = pool_threads()
    served = serve(gate, grpc_threads=8)
    calls = [served.stub().future(SeldonMessage(strData=str(i))) for i in range(5)]
    gate.wait_until_entered()
    gate.open.set()
    assert [call.result(LIMIT_S).strData for call in calls] == [str(i) for i in range(5)]
    assert len(pool_threads() - before) > 1


@pytest.mark.parametrize("name", ["_status", "_possibly_finish_call", "_RECEIVE_MESSAGE_TOKEN", "_Context"])
def test_where_grpc_lacks_a_part_calls_are_answered_by_threads(serve, monkeypatch, name):
    with monkeypatch.context() as patch:
        patch.delattr(direct._server, name)
        assert not direct.is_possible()
    monkeypatch.setattr(direct, "is_possible", lambda: False)
    served = serve(Nameless())
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
    assert served.error(SeldonMessage(strData="fail")).code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("threads", [None, 4])
def test_a_call_is_told_at_its_deadline_that_the_component_still_has_it(serve, gate, threads):
    served = serve(gate, service={"limits": Limits(timeout_s=0.2)}, grpc_threads=threads)
    error = served.error(timeout=LIMIT_S)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "was not answered within its time" in error.details()
    assert not gate.open.is_set()


def test_a_fault_of_the_runtime_ends_its_own_call_only(serve, caplog):
    served = serve(Nameless())
    submit = served.service.submit
    served.service.submit = None
    assert served.error().code() is grpc.StatusCode.INTERNAL
    assert "a call could not be begun" in caplog.text
    served.service.submit = submit
    assert served.ask(SeldonMessage(strData="s")).strData == "s"


@pytest.mark.parametrize("is_answered_before", [True, False])
def test_a_call_that_is_begun_and_fails_then_is_answered_once(serve, gate, monkeypatch, is_answered_before):
    served = serve(gate)
    submit, send = served.service.submit, direct._server._status
    answered = threading.Event()
    sent = []

    def submit_and_fail(call, done):
        submit(call, lambda *outcome: (done(*outcome), answered.set()))
        if is_answered_before:
            gate.open.set()
            assert answered.wait(LIMIT_S)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(served.service, "submit", submit_and_fail)
    monkeypatch.setattr(direct._server, "_status", lambda *answer: (sent.append(answer), send(*answer)))
    if is_answered_before:
        assert served.ask().strData == "s"
    else:
        assert served.error().code() is grpc.StatusCode.INTERNAL
    gate.open.set()
    assert answered.wait(LIMIT_S)
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
        assert served.stub().future(request_, timeout=LIMIT_S).code() is code


class Nameless:
    def predict(self, X, features_names):
        if X == "fail":
            raise RuntimeError("asked to")
        return X
