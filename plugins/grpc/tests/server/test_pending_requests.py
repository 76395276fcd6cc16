"""Clients that begin calls and do not send the message: they hold up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

from ..components import Echo

SERVING = health_pb2.HealthCheckResponse.SERVING
PREDICT = "/seldon.protos.Model/Predict"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


class Withheld:
    """The messages of a call: one, once it is released."""

    def __init__(self) -> None:
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def __iter__(self) -> Iterator[bytes]:
        self._released.wait(WAIT_S)
        yield SeldonMessage(strData="at last").SerializeToString()


@pytest.fixture
def begin():
    """Begins calls without their message."""
    messages: list[Withheld] = []

    def begin(served, path, count):
        begun = [Withheld() for _ in range(count)]
        messages.extend(begun)
        calls = [served.channel.stream_unary(path).future(iter(message)) for message in begun]
        return list(zip(begun, calls, strict=True))

    yield begin
    for message in messages:
        message.release()


def health(served):
    return health_pb2_grpc.HealthStub(served.channel).Check(health_pb2.HealthCheckRequest(), timeout=WAIT_S)


@pytest.mark.parametrize("path", [PREDICT, "/seldon.protos.Model/Metadata"])
def test_calls_without_their_message_leave_threads_for_others(serve, begin, path, caplog):
    served = serve(Echo(), grpc_threads=1)
    begun = begin(served, path, 90)
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
    wait_until(lambda: sum(call.done() for _, call in begun) >= 90 - 64, "the calls beyond the limit to end")
    ended = [call for _, call in begun if call.done()]
    assert {call.exception(WAIT_S).code() for call in ended} == {grpc.StatusCode.CANCELLED}
    message, call = next((message, call) for message, call in begun if not call.done())
    message.release()
    call.result(WAIT_S)
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(told) == 1
    assert told[0].startswith("64 calls wait for their message")


def test_messages_on_a_slow_network_may_all_come_late(serve, begin):
    begun = begin(serve(Echo()), PREDICT, 90)
    for message, _ in begun:
        message.release()
    for _, call in begun:
        assert SeldonMessage.FromString(call.result(WAIT_S)).strData == "at last"


def test_as_many_calls_may_be_without_their_message_as_may_wait_for_the_component(serve, begin):
    served = serve(Echo(), queue_size=10)
    begun = begin(served, PREDICT, 40)
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
    for _, call in begun[:14]:
        assert call.exception(WAIT_S).code() is grpc.StatusCode.CANCELLED
    message, call = begun[-1]
    message.release()
    call.result(WAIT_S)


@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECTION])
def test_probes_without_their_message_leave_threads_for_others(serve, begin, path):
    served = serve(Echo())
    begun = begin(served, path, 70)
    assert health(served).status == SERVING
    wait_until(lambda: any(call.done() for _, call in begun), "one to end")  # threads begin them in any order
    assert {call.code() for _, call in begun if call.done()} == {grpc.StatusCode.CANCELLED}


def test_a_message_may_come_late(serve, begin):
    served = serve(Echo())
    ((message, call),) = begin(served, PREDICT, 1)
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
    message.release()
    assert SeldonMessage.FromString(call.result(WAIT_S)).strData == "at last"


@pytest.mark.parametrize("path", [PREDICT, CHECK, WATCH])
def test_a_call_that_never_has_a_message_is_the_callers_fault(serve, path):
    with pytest.raises(grpc.RpcError) as caught:
        serve(Echo()).channel.stream_unary(path)(iter(()), timeout=WAIT_S)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "the call has no message, expected one"


@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECTION])
def test_probes_with_bytes_that_are_no_message_are_refused_and_not_logged(serve, path, caplog):
    with pytest.raises(grpc.RpcError) as caught:
        list(serve(Echo()).channel.stream_stream(path)(iter([b"\xff\xff"]), timeout=WAIT_S))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "the request is not a valid grpc." in caught.value.details()
    assert not caplog.records


@pytest.mark.usefixtures("no_collector")
def test_a_client_that_leaves_without_a_message_frees_its_thread_and_its_call(serve, begin):
    served = serve(Echo(), grpc_threads=1)
    waiting = served.transport._handlers.pending
    for _ in range(5):  # more than one connection may have: grpc counts calls until they are disposed of
        begun = begin(served, PREDICT, 30)
        wait_until(lambda: len(waiting) == 30, "all calls to wait")
        for _, call in begun:
            call.cancel()
        wait_until(lambda: not waiting, "no call to wait")
    assert served.ask(SeldonMessage(strData="s")).strData == "s"
