"""Errors that user code raises to choose the client's answer."""

from __future__ import annotations

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


def test_another_exception_as_message_is_taken_as_its_text() -> None:
    assert SeldonError(ValueError("inner")).message == "inner"  # type: ignore[arg-type]


def test_the_protocols_reasons_are_all_different() -> None:
    assert len({code.value for code in ErrorCode}) == len(ErrorCode)


def test_a_component_that_failed_keeps_its_exception() -> None:
    cause = ZeroDivisionError("by zero")
    error = ComponentFailed("Model.predict", cause)
    assert error.__cause__ is cause
    assert (error.message, error.where, error.code) == (
        "by zero",
        "Model.predict",
        ErrorCode.COMPONENT_FAILED,
    )


def test_not_implemented_needs_no_words() -> None:
    assert SeldonNotImplementedError().message == "not implemented"
    assert SeldonNotImplementedError("no route here").message == "no route here"
