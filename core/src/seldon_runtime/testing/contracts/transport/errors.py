"""The tests of a transport's errors, which must equal the service's and never end the server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.testing.components import BAD_RESULTS, ERRORS, Bare, Mirror
from seldon_runtime.testing.contracts.transport.answers import ROWS
from seldon_runtime.testing.contracts.transport.subject import CallFailed, TransportSubject, answer_in_process
from seldon_runtime.testing.served import Served

_MALFORMED: dict[str, Any] = {
    "nothing": {},
    "shape": {"data": {"tensor": {"shape": [2, 2], "values": [1, 2, 3]}}},
    "too large a shape": {"data": {"tensor": {"shape": [2**31 - 1], "values": [1]}}},
}
_MESSAGES = {
    "long": "x" * 20_000,
    "lines": "line\r\nline",
    "empty": "",
    "zero": "\0",
    "format": "%s {0} \\u00e9 %41",
    "surrogate": "\ud800",
}
_RUBBISH = {
    "nothing": b"",
    "line": b"\n",
    "zeros": b"\0" * 64,
    "no text": b"\xff\xfe\xfd" * 1000,
    "brackets": b"[" * 100_000,
    "http": b"GET / HTTP/1.1\r\n\r\n",
}


class TransportErrors(TransportSubject):
    """Part of :class:`TransportContract`."""

    def assert_error_parity(self, served: Served, method: Method, request: Any) -> CallFailed:
        """Check that the transport's error equals the service's, and return it."""
        self.skip_unless_called(method)
        with pytest.raises(SeldonError) as caught:
            answer_in_process(served.service, method, request)
        failed = self.failure(served, request, method)
        assert failed.reason == caught.value.reason
        if caught.value.code is not ErrorCode.BAD_DATA:  # those name the wire's own format
            assert failed.message == caught.value.message
        return failed

    @pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
    def test_every_error_code_reaches_the_client(self, contract_mirror: Served, code: ErrorCode) -> None:
        failed = self.failure(contract_mirror, {"strData": code.name})
        assert (failed.reason, failed.message) == (code.value, f"it is {code.name}")

    @pytest.mark.parametrize("method", [Method.TRANSFORM_OUTPUT, Method.PREDICT], ids=lambda m: m.value)
    @pytest.mark.parametrize("error", ["exception", "status", "reason"])
    def test_what_user_code_raises_is_answered_as_in_process(
        self, contract_mirror: Served, method: Method, error: str
    ) -> None:
        self.skip_unless_called(method)
        failed = self.failure(contract_mirror, {"strData": error}, method)
        raised = ERRORS[error]
        expected = raised if isinstance(raised, SeldonError) else ComponentFailed(method.value, raised)
        assert (failed.reason, failed.message) == (expected.reason, expected.message)

    @pytest.mark.parametrize("result", BAD_RESULTS)
    def test_a_result_that_cannot_be_written_is_an_error(self, contract_mirror: Served, result: str) -> None:
        with pytest.raises(SeldonError) as caught:
            answer_in_process(contract_mirror.service, Method.PREDICT, {"strData": result})
        assert self.failure(contract_mirror, {"strData": result}).reason == caught.value.reason

    @pytest.mark.parametrize("fault", _MALFORMED)
    def test_a_malformed_request_is_the_callers_fault(self, contract_mirror: Served, fault: str) -> None:
        failed = self.assert_error_parity(contract_mirror, Method.PREDICT, _MALFORMED[fault])
        assert failed.reason == "MICROSERVICE_BAD_DATA"
        assert failed.message

    def test_no_messages_to_aggregate_are_the_callers_fault(self, contract_mirror: Served) -> None:
        self.assert_error_parity(contract_mirror, Method.AGGREGATE, {"seldonMessages": []})

    @pytest.mark.parametrize("method", [Method.ROUTE, Method.AGGREGATE], ids=lambda m: m.value)
    def test_a_method_that_is_not_defined_is_told(self, serve: Callable[..., Served], method: Method) -> None:
        request = {"seldonMessages": [ROWS]} if method is Method.AGGREGATE else ROWS
        failed = self.assert_error_parity(serve(Bare()), method, request)
        assert failed.reason == "MICROSERVICE_NOT_IMPLEMENTED"

    def test_a_request_above_the_limit_is_refused_and_one_below_is_answered(
        self, serve: Callable[..., Served]
    ) -> None:
        served = serve(Mirror(), *self.words_limiting(20_000))
        assert self.ask_text(served, "x" * 10_000)
        assert self.failure(served, {"strData": "x" * 25_000}).reason == "MICROSERVICE_TOO_LARGE"
        assert self.ask_text(served, "next") == "next"
        assert all(outcome.error or call.request_bytes <= 20_000 for call, outcome in served.records)

    def test_details_of_an_exception_are_hidden_when_so_set(self, serve: Callable[..., Served]) -> None:
        failed = self.failure(serve(Mirror(), "--no-error-details"), {"strData": "exception"})
        assert failed.reason == "MICROSERVICE_INTERNAL_ERROR"
        assert "grüß" not in failed.message
        assert "log" in failed.message

    def test_what_an_interceptor_refuses_is_an_answer(self, serve: Callable[..., Served]) -> None:
        class Guard(Interceptor):
            def admit(self, call: Call) -> None:
                raise SeldonError("the guard says no", reason="ACME_NO")

        failed = self.failure(serve(Mirror(), interceptors=[Guard()]), ROWS)
        assert (failed.reason, failed.message) == ("ACME_NO", "the guard says no")

    @pytest.mark.parametrize("message", _MESSAGES.values(), ids=_MESSAGES)
    def test_any_message_of_an_error_can_be_sent(self, serve: Callable[..., Served], message: str) -> None:
        class Raising:
            def predict(self, X: Any, features_names: Any) -> Any:
                if X == "next":
                    return X
                raise SeldonError(message, code=ErrorCode.NOT_FOUND)

        served = serve(Raising())
        assert self.failure(served, {"strData": "raise"}).reason == "MICROSERVICE_NOT_FOUND"
        assert self.ask_text(served, "next") == "next"

    @pytest.mark.parametrize("rubbish", _RUBBISH.values(), ids=_RUBBISH)
    def test_rubbish_harms_nobody(self, contract_mirror: Served, rubbish: bytes) -> None:
        with contextlib.suppress(OSError, CallFailed):
            self.send_rubbish(contract_mirror.address, rubbish)
        assert self.ask_text(contract_mirror, "still there") == "still there"
