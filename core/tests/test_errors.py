"""Errors that user code raises to choose the client's answer."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import Any

import numpy as np
import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError, SeldonNotImplementedError


def test_an_error_is_the_callers_fault_unless_told_otherwise() -> None:
    error = SeldonError("what was wrong")
    assert str(error) == error.message == "what was wrong"
    assert (error.code, error.status_code, error.reason) == (
        ErrorCode.BAD_DATA,
        None,
        "MICROSERVICE_BAD_DATA",
    )


def test_code_status_and_reason_can_be_chosen() -> None:
    error = SeldonError("m", code=ErrorCode.NOT_FOUND, status_code=410, reason="GONE")
    assert (error.code, error.status_code, error.reason) == (ErrorCode.NOT_FOUND, 410, "GONE")
    assert SeldonError("m", code=ErrorCode.NOT_FOUND).reason == "MICROSERVICE_NOT_FOUND"


@pytest.mark.parametrize("status", [0, 200, 399, 600, -1])
def test_a_status_that_is_no_error_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match=f"status_code is {status}, expected 400 to 599"):
        SeldonError("m", status_code=status)


@pytest.mark.parametrize("status", [400, 599])
def test_the_bounds_of_error_statuses_are_taken(status: int) -> None:
    assert SeldonError("m", status_code=status).status_code == status


@pytest.mark.parametrize("status", ["404", 404.0, np.int64(404), HTTPStatus.NOT_FOUND])
def test_another_form_of_a_status_is_taken(status: Any) -> None:
    error = SeldonError("m", status_code=status)
    assert (error.status_code, type(error.status_code)) == (404, int)


@pytest.mark.parametrize("status", [True, 404.5, "4o4", "0404", " 404", [404], "NOT_FOUND", "200", b"404"])
def test_what_is_not_a_status_is_refused(status: Any) -> None:
    with pytest.raises(ValueError, match=f"status_code is {re.escape(repr(status))}, expected 400 to 599"):
        SeldonError("m", status_code=status)


@pytest.mark.parametrize("code", ["NOT_FOUND", "MICROSERVICE_NOT_FOUND"])
def test_a_code_may_be_its_name_or_value(code: Any) -> None:
    error = SeldonError("m", code=code)
    assert (error.code, error.reason) == (ErrorCode.NOT_FOUND, "MICROSERVICE_NOT_FOUND")


@pytest.mark.parametrize("code", ["not found", 404, None, ErrorCode])
def test_what_is_not_a_code_is_refused(code: Any) -> None:
    with pytest.raises(ValueError, match=r"code is .*, expected an ErrorCode such as ErrorCode.NOT_FOUND"):
        SeldonError("m", code=code)


def test_a_reason_is_a_text() -> None:
    assert SeldonError("m", reason=5).reason == "5"  # type: ignore[arg-type]


def test_headers_are_checked() -> None:
    assert SeldonError("m", headers={"Retry-After": 3}).headers == {"Retry-After": "3"}
    with pytest.raises(ValueError, match=r"SeldonError.headers has 'Content-Type', which the server sets"):
        SeldonError("m", headers={"Content-Type": "text/html"})


def test_another_exception_as_message_is_taken_as_its_text() -> None:
    assert SeldonError(ValueError("inner")).message == "inner"  # type: ignore[arg-type]


def test_the_protocols_reasons_are_all_different() -> None:
    assert len({code.value for code in ErrorCode}) == len(ErrorCode)


def test_a_component_that_failed_keeps_its_exception() -> None:
    cause = ZeroDivisionError("by zero")
    error = ComponentFailed("Model.predict", cause)
    assert error.__cause__ is cause
    assert (error.message, error.where, error.code) == (
        "ZeroDivisionError: by zero",
        "Model.predict",
        ErrorCode.COMPONENT_FAILED,
    )


class Silent(Exception):
    def __str__(self) -> str:
        return ""


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (KeyError("age"), "KeyError: 'age'"),
        (SystemExit(3), "SystemExit: 3"),
        (ValueError("one", 2), "ValueError: ('one', 2)"),
        (MemoryError(), "MemoryError"),
        (Silent(), "Silent"),
        (Broken(), "Broken"),
        (ValueError(" \n"), "ValueError"),
    ],
)
def test_the_message_has_the_type_of_every_exception(cause: BaseException, message: str) -> None:
    assert ComponentFailed("Model.predict", cause).message == message


def test_an_exception_without_a_text_has_the_line_of_user_code() -> None:
    def predict() -> None:
        assert predict is None

    with pytest.raises(AssertionError) as caught:
        predict()
    caught.value.args = ()  # pytest puts a text there
    line = predict.__code__.co_firstlineno + 1
    message = ComponentFailed("Model.predict", caught.value).message
    assert message == f"AssertionError (test_errors.py, line {line})"


def test_not_implemented_needs_no_words() -> None:
    assert SeldonNotImplementedError().message == "not implemented"
    assert SeldonNotImplementedError("no route here").message == "no route here"


@pytest.mark.parametrize(
    ("error", "has_hint"),
    [
        (ValueError("signal only works in main thread of the main interpreter"), True),
        (RuntimeError("set_wakeup_fd only works in main thread"), True),
        (KeyError("main thread"), False),
        (ValueError("another text"), False),
    ],
)
def test_an_error_that_needs_the_main_thread_names_the_setting(error: Exception, has_hint: bool) -> None:
    texts: list[str] = []
    thread = threading.Thread(target=lambda: texts.append(ComponentFailed("here", error).message))
    thread.start()
    thread.join()
    assert ("Set SELDON_COMPONENT_THREAD=main" in texts[0]) is has_hint
    assert "SELDON_COMPONENT_THREAD" not in ComponentFailed("here", error).message
