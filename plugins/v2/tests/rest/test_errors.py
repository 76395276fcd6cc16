from __future__ import annotations

import json

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_rest.extension import Headers, HttpRequest
from seldon_runtime_v2.rest.errors import error_response


def request(*headers):
    return HttpRequest("POST", "/v2", "", Headers(list(headers)), None)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SeldonError("\ud800 wrong"), 400),
        (SeldonError("x", code=ErrorCode.NOT_FOUND), 404),
        (SeldonError("x", code=ErrorCode.NOT_IMPLEMENTED), 501),
        (SeldonError("x", code=ErrorCode.OVERLOADED), 503),
        (SeldonError("x", code=ErrorCode.COMPONENT_FAILED), 500),
        (SeldonError("", status_code=418), 418),
    ],
)
def test_an_error_is_an_object_with_a_text(error, status):
    response = error_response(error, request())
    assert response.status == status
    document = json.loads(response.body)
    assert document.keys() == {"error"}
    assert document["error"]


def test_the_request_id_comes_back():
    assert error_response(SeldonError("x"), request((b"x-request-id", b"7"))).headers[-1] == (
        "X-Request-Id",
        "7",
    )
