"""Error answers: the protocol's body, the status of each error code, and texts from anywhere."""

from __future__ import annotations

import json

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime_rest.response import (
    STATUS_OF,
    CallResponse,
    HttpResponse,
    error_response,
    fault,
    status_response,
)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_code_has_an_error_status(code):
    answer = error_response(SeldonError("why", code=code))
    assert answer.status == STATUS_OF[code]
    assert 400 <= answer.status <= 599
    assert json.loads(answer.body) == {
        "status": {"code": -1, "info": "why", "reason": code.value, "status": 1}
    }


def test_the_status_and_reason_that_user_code_chose_win():
    error = SeldonError("no", code=ErrorCode.COMPONENT_FAILED, status_code=403, reason="FORBIDDEN")
    answer = error_response(error)
    assert answer.status == 403
    assert json.loads(answer.body)["status"]["reason"] == "FORBIDDEN"


def test_an_exception_of_user_code_is_a_500_with_its_message():
    answer = error_response(ComponentFailed("predict", ValueError("boom")), "id-1")
    assert answer.status == 500
    assert json.loads(answer.body)["status"]["info"] == "ValueError: boom"
    assert answer.headers == (("X-Request-Id", "id-1"),)


def test_an_error_brings_its_own_headers():
    answer = error_response(SeldonError("full", code=ErrorCode.OVERLOADED, headers={"Retry-After": "7"}))
    assert answer.status == 503
    assert ("Retry-After", "7") in answer.headers


def test_a_fault_of_the_plugin_tells_no_internals():
    answer = error_response(fault())
    assert answer.status == 500
    assert json.loads(answer.body)["status"]["reason"] == "MICROSERVICE_INTERNAL_ERROR"


@pytest.mark.parametrize(
    ("info", "text"),
    [("é😀", "é😀"), ("\ud800", "\\ud800"), (5, "5"), (ValueError("x"), "x"), (b"b", "b'b'")],
)
def test_texts_of_user_code_may_be_anything(info, text):
    body = json.loads(status_response(400, info, info).body)
    assert (body["status"]["info"], body["status"]["reason"]) == (text, text)


@pytest.mark.parametrize("before", [(), (("A", "1"),)])
def test_further_headers_make_a_copy_unless_nobody_else_has_the_response(before):
    shared, own = HttpResponse(201, b"b", "t/x", before), CallResponse(201, b"b", "t/x", before)
    headers = {"B": "2"}.items()
    assert shared.with_headers(headers) == HttpResponse(201, b"b", "t/x", (*before, ("B", "2")))
    assert shared.headers == before
    assert own.with_headers(headers) is own
    assert own.headers == (*before, ("B", "2"))
