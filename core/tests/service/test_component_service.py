"""What a transport sees: every call ends once, with its answer or its error."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.service import Service
from seldon_runtime.testing import WAIT_S

Serve = Callable[..., ComponentService]


class Doubler:
    """Counts its calls; waits while ``closed``."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.opened.set()

    def predict(self, X: Any, names: Any) -> Any:
        self.entered.set()
        assert self.opened.wait(WAIT_S)
        if X == "fail":
            raise ValueError("the secret of the model")
        if X == "refuse":
            raise SeldonError("not today", status_code=418)
        self.seen.append(X)
        return X * 2


def call(text: str = "ab", method: Method = Method.PREDICT, **fields: Any) -> Call:
    return Call(method, b'{"strData":"%s"}' % text.encode(), JsonCodec(Limits()), "test", **fields)


def answer(text: str) -> bytes:
    return b'{"meta":{},"strData":"%s"}' % text.encode()


def submitted(service: Service, *calls: Call) -> list[tuple[Any, SeldonError | None]]:
    """All outcomes, and a proof that there are not more of them."""
    outcomes: SimpleQueue[tuple[Any, SeldonError | None]] = SimpleQueue()
    for one in calls:
        service.submit(one, lambda answer, error: outcomes.put((answer, error)))
    found = [outcomes.get(timeout=WAIT_S) for _ in calls]
    service.executor.run(lambda: None)
    assert outcomes.empty()
    return found


def test_a_submitted_call_is_answered_once(serve: Serve) -> None:
    service = serve(Doubler())
    assert submitted(service, call("a"), call("b")) == [(answer("aa"), None), (answer("bb"), None)]


def test_call_waits_for_the_answer_or_raises_the_error(serve: Serve) -> None:
    service = serve(Doubler())
    assert service.call(call()) == answer("abab")
    with pytest.raises(ComponentFailed, match="the secret of the model"):
        service.call(call("fail"))
    with pytest.raises(SeldonError, match="not today") as caught:
        service.call(call("refuse"))
    assert caught.value.status_code == 418


def test_a_full_queue_is_an_error_of_the_call_and_told_at_once(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, queue_size=1)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    service.submit(call(), lambda answer, error: None)
    told: list[tuple[Any, SeldonError | None]] = []
    service.submit(call(), lambda answer, error: told.append((answer, error)))
    user.opened.set()
    assert [(answer, error and error.code) for answer, error in told] == [(None, ErrorCode.OVERLOADED)]


def test_a_call_after_the_end_is_refused_not_lost(serve: Serve) -> None:
    service = serve(Doubler())
    service.executor.stop(WAIT_S)
    with pytest.raises(SeldonError, match="has stopped") as caught:
        service.call(call())
    assert caught.value.code is ErrorCode.UNAVAILABLE


def test_cancelled_and_late_calls_are_never_run(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    outcomes = submitted(
        service,
        call("gone", cancelled=True),
        call("late", deadline=time.monotonic()),
        call("early", deadline=time.monotonic() + 60),
    )
    codes = {error and error.code for _, error in outcomes}  # the timer may be the quickest
    assert codes == {ErrorCode.CANCELLED, ErrorCode.DEADLINE_EXCEEDED, None}
    assert user.seen == ["early"]


def test_a_user_exception_is_logged_once_with_traceback_and_request_id(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    failed, made_up = call("fail", request_id="r-17"), call("fail")
    submitted(serve(Doubler()), failed, made_up)
    assert [record.getMessage() for record in caplog.records] == [
        "predict failed in Doubler.predict, request r-17",
        f"predict failed in Doubler.predict, request {made_up.request_id}",
    ]
    for record in caplog.records:
        assert record.levelno == logging.ERROR
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], ValueError)
        assert record.exc_info[2] is not None


def test_faults_of_the_caller_are_no_news(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    submitted(serve(Doubler()), call("refuse", request_id="r"))
    assert [
        (r.levelname, r.getMessage()) for r in caplog.records if r.name == "seldon_runtime.service.done"
    ] == [("DEBUG", "predict refused, request r: not today")]


def test_an_answer_that_is_none_is_logged_without_a_traceback(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Silent:
        def predict(self, X: Any) -> None:
            return None

    submitted(serve(Silent()), call(request_id="r"))
    (record,) = caplog.records
    assert record.getMessage().startswith("predict failed, request r: the component returned None")
    assert not record.exc_info


def test_without_error_details_the_message_stays_inside(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(Doubler(), error_details=False)
    (_, failed), (_, refused) = submitted(service, call("fail", request_id="r-1"), call("refuse"))
    assert failed is not None
    assert refused is not None
    assert failed.message == "the component failed; see its log for request r-1"
    assert "secret" not in str(failed)
    assert refused.message == "not today"
    assert "the secret of the model" in caplog.text


class Broken(JsonCodec):
    def parse(self, method: Method, wire: Any) -> Any:
        raise {b"key": KeyError("k"), b"exit": SystemExit(4)}[wire]


@pytest.mark.parametrize("wire", [b"key", b"exit"])
def test_a_codec_that_fails_is_a_fault_of_the_runtime(
    serve: Serve, wire: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    service = serve(Doubler())
    with pytest.raises(ComponentFailed) as caught:
        service.call(Call(Method.PREDICT, wire, Broken(Limits()), "test"))
    assert caught.value.where == "the runtime"
    assert service.call(call()) == answer("abab")
    assert len(caplog.records) == 1


def test_an_error_class_that_forgets_its_constructor_is_still_answered(serve: Serve) -> None:
    class Forgetful(SeldonError):
        def __init__(self) -> None:
            pass

    class Model:
        def predict(self, X: Any) -> None:
            raise Forgetful

    ((_, error),) = submitted(serve(Model()), call())
    assert error is not None
    assert (error.code, error.message, error.reason) == (
        ErrorCode.BAD_DATA,
        "no message",
        "MICROSERVICE_BAD_DATA",
    )


def test_a_transport_that_cannot_take_its_answer_harms_nobody_else(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def raises(answer: Any, error: SeldonError | None) -> None:
        raise OSError("the client is gone")

    service = serve(Doubler())
    service.submit(call(), raises)
    assert service.call(call()) == answer("abab")
    assert [record.getMessage() for record in caplog.records] == ["transport test failed to accept an answer"]


def test_health_without_user_code_is_answered_while_a_call_runs(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    assert service.call(call(method=Method.HEALTH_STATUS)) == answer("healthy")
    user.opened.set()


def test_the_metadata_document_or_its_error_is_kept(serve: Serve) -> None:
    assert serve(Doubler()).metadata() == {}
    assert serve(Doubler(), metadata={"name": "m"}).metadata() == {"name": "m"}
    wrong = serve(Doubler(), metadata=SeldonError("bad", code=ErrorCode.BAD_METADATA))
    depths = []
    for _ in range(3):
        with pytest.raises(SeldonError, match="bad") as caught:
            wrong.metadata()
        depths.append(len(caught.traceback))
    assert depths[0] == depths[2], "the traceback grows with every request"


def test_metadata_is_a_call_that_is_answered_at_once_while_another_runs(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, metadata={"name": "m"})
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    assert service.call(call(method=Method.METADATA)) == b'{"name":"m"}'
    user.opened.set()
    wrong = serve(Doubler(), metadata=SeldonError("bad", code=ErrorCode.BAD_METADATA))
    with pytest.raises(SeldonError, match="bad"):
        wrong.call(call(method=Method.METADATA))


def test_the_identity_methods_and_class_are_the_components(serve: Serve) -> None:
    user = Doubler()
    service = serve(user)
    assert service.identity is service.units[0].identity
    assert service.methods == {Method.PREDICT}
    assert service.class_name == "Doubler"
    assert service.user is user


def test_a_full_queue_says_when_to_try_again(serve: Serve) -> None:
    user = Doubler()
    service = serve(user, queue_size=1)
    user.opened.clear()
    service.submit(call(), lambda answer, error: None)
    assert user.entered.wait(WAIT_S)
    service.submit(call(), lambda answer, error: None)
    with pytest.raises(SeldonError) as caught:
        service.call(call())
    user.opened.set()
    assert caught.value.headers == {"Retry-After": "1"}


VARIABLE: ContextVar[str] = ContextVar("variable", default="unset")


def test_a_context_variable_that_one_call_sets_is_not_seen_by_the_next(serve: Serve) -> None:
    class Sets:
        def predict(self, X: Any, names: Any) -> Any:
            before = VARIABLE.get()
            VARIABLE.set(X)
            return before

    service = serve(Sets())
    assert service.call(call("first")) == answer("unset")
    assert service.call(call("second")) == answer("unset")


def test_a_context_variable_of_the_components_thread_is_seen_by_each_call(serve: Serve) -> None:
    class Reads:
        def predict(self, X: Any, names: Any) -> Any:
            return VARIABLE.get()

    service = serve(Reads())
    service.executor.run(lambda: VARIABLE.set("by load"))
    assert service.call(call()) == answer("by load")


def test_a_transport_that_cannot_go_on_ends_the_service_once(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    service, rung = serve(Doubler()), list[bool]()
    service.ready = True
    service.attach([], [], lambda: rung.append(service.ready))
    service.fail("the thread of the server ended")
    assert rung == [False]
    assert service.failure == "the thread of the server ended"
    assert "the process has to end: the thread of the server ended" in caplog.messages
    assert service.call(call("a")) == answer("aa"), "what was accepted is answered"


@pytest.mark.parametrize("fault", [KeyError, SystemExit])
def test_a_service_that_fails_to_accept_a_call_still_answers_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    service = serve(Doubler())

    def fail(call: Call, done: Any) -> None:
        raise fault("no queue")

    monkeypatch.setattr(service, "accept", fail)
    with pytest.raises(PluginFailed) as caught:
        service.call(call(deadline=time.monotonic() + 60))
    assert caught.value.where == "ComponentService.accept"
    assert "no queue" in str(caught.value.__cause__)
    assert "no queue" not in caught.value.message


def test_the_calls_that_wait_are_counted(serve: Serve) -> None:
    doubler = Doubler()
    service = serve(doubler)
    doubler.opened.clear()
    outcomes: SimpleQueue[Any] = SimpleQueue()
    for _ in range(3):
        service.submit(call(), lambda answer, error: outcomes.put(answer))
    assert doubler.entered.wait(WAIT_S)
    assert service.waiting == 2
    doubler.opened.set()
    assert [outcomes.get(timeout=WAIT_S) for _ in range(3)] == [answer("abab")] * 3
    assert service.waiting == 0


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_call_from_the_components_own_thread_is_refused_at_once(serve: Serve, way: str) -> None:
    class Asks:
        def predict(self, X: Any, names: Any) -> Any:
            if X != "again":
                return X
            if way == "call":
                return service.call(call())
            return asyncio.run(service.call_async(call()))

    service = serve(Asks())
    with pytest.raises(ComponentFailed, match="own thread would wait for itself") as caught:
        service.call(call("again"))
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert service.executor.run(lambda: service.call(call(method=Method.METADATA))) == b"{}"  # it never waits
    assert service.call(call()) == answer("ab")
