"""Errors as status, and headers as trailing metadata."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import Interceptor, SeldonError
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.status import trailing_metadata

from .components import Echo


class Refusing:
    def predict(self, X, features_names):
        raise SeldonError("no", headers={"Retry-After": "3", "WWW-Authenticate": 'Bearer realm="m"'})


class Odd(SeldonError):
    """Sets its members to other objects."""

    def __init__(self):
        self.message = 5
        self.reason = 7


class Stamping(Interceptor):
    """Gives every answer headers, the one that gRPC cannot send included."""

    def before(self, call, request):
        call.response_headers = {"X-Model-Version": 7, "bad!key": "x", "x-bad-value": "grün"}
        return request


@pytest.mark.parametrize("threads", [None, 4])
def test_headers_of_an_error_are_trailing_metadata(serve, threads):
    error = serve(Refusing(), grpc_threads=threads).error()
    trailers = dict(error.trailing_metadata())
    assert trailers["retry-after"] == "3"
    assert trailers["www-authenticate"] == 'Bearer realm="m"'
    assert trailers["x-seldon-reason"] == "MICROSERVICE_BAD_DATA"


@pytest.mark.parametrize("threads", [None, 4])
def test_headers_of_an_answer_are_trailing_metadata_and_invalid_ones_are_left_out(serve, threads, caplog):
    served = serve(Echo(), grpc_threads=threads)
    served.service.attach((), [Stamping()])
    answer, call = served.stub().with_call(SeldonMessage(strData="s"), timeout=WAIT_S)
    assert answer.strData == "s"
    assert dict(call.trailing_metadata()) == {"x-model-version": "7"}
    warnings = [record.getMessage() for record in caplog.records]
    assert ["bad!key" in warnings[0], "x-bad-value" in warnings[1], len(warnings)] == [True, True, 2]


@pytest.mark.parametrize("threads", [None, 4])
def test_an_error_with_odd_members_is_answered(serve, threads):
    class Raising:
        def predict(self, X, features_names):
            raise Odd

    error = serve(Raising(), grpc_threads=threads).error()
    assert (error.details(), dict(error.trailing_metadata())["x-seldon-reason"]) == ("5", "7")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"),
        ("with space", "x"),
        ("grpc-status", "0"),
        ("x-data-bin", "x"),
        (":path", "x"),
        ("x-request-id", "forged"),
        ("X-Seldon-Reason", "forged"),
        ("x", "grün"),
        ("x", "tab\t"),
        ("x", 3),
        ("x", None),
        ("x", "v" * 4000),
    ],
)
def test_a_header_that_grpc_cannot_send_is_logged_and_left_out(name, value, caplog):
    assert trailing_metadata({name: value, "Kept": "1"}) == (("kept", "1"),)
    assert len(caplog.records) == 1


def test_headers_beyond_what_clients_accept_are_left_out(caplog):
    metadata = trailing_metadata({f"x-{number}": "v" * 100 for number in range(50)})
    assert 5 < len(metadata) < 50
    assert sum(len(key) + len(value) + 32 for key, value in metadata) <= 2048
    assert "more than 2048 bytes" in caplog.text
