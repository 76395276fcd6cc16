"""Errors of user code, codecs and transports: each ends its call once, and has its line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, PluginFailed, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService

from .doubler import Doubler, answer, call, submitted

Serve = Callable[..., ComponentService]


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
