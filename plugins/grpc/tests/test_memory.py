"""The memory of calls over gRPC: bounded for each and for all, and free when they are over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from seldon_runtime.plugin import Limits, MemoryBudget
from seldon_runtime.testing import wait_until
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.v1 import wire

LIMIT = 1_000_000
METRICS = wire.head(5, 1) + b"x" + wire.head(2, 20_000) + b"\x2a\x00" * 10_000


class Identity:
    def predict(self, X: Any, names: Any) -> Any:
        return X


def test_a_message_that_would_take_too_much_is_refused_with_the_estimate_and_the_setting(
    serve: Callable[..., Any],
) -> None:
    served = serve(Identity(), service={"limits": Limits(max_request_memory=LIMIT)})
    error = served.error(METRICS)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "takes an estimated" in error.details()
    assert f"at most {LIMIT} are accepted (SELDON_MAX_REQUEST_MEMORY)" in error.details()
    assert dict(error.trailing_metadata())["x-seldon-reason"] == "MICROSERVICE_TOO_LARGE"
    large = SeldonMessage(strData="a" * 200_000)
    assert served.ask(large).strData == large.strData


def test_a_tensor_like_earlier_ones_is_not_measured_again(serve: Callable[..., Any]) -> None:
    served = serve(Identity(), service={"limits": Limits(max_request_memory=100_000)})
    tensor = SeldonMessage()
    tensor.data.tensor.shape.extend([1000])
    tensor.data.tensor.values.extend([0.5] * 1000)
    for _ in range(2):
        assert served.ask(tensor).data.tensor.values == tensor.data.tensor.values


@pytest.mark.usefixtures("no_collector")
def test_calls_that_wait_share_a_budget_and_return_it(serve: Callable[..., Any], gate: Any) -> None:
    served = serve(gate)
    served.service.memory = MemoryBudget(400_000)
    running = served.stub().future(SeldonMessage(strData="wait"))
    gate.wait_until_entered()
    waiting = [served.stub().future(SeldonMessage(strData="a" * 60_000)) for _ in range(3)]
    wait_until(lambda: served.executor.waiting == 3, "the calls to wait")
    error = served.error(SeldonMessage(strData="a" * 60_000))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "SELDON_MEMORY_BUDGET" in error.details()
    metadata = dict(error.trailing_metadata())
    assert (metadata["x-seldon-reason"], metadata["retry-after"]) == ("MICROSERVICE_OVERLOADED", "1")
    gate.open.set()
    assert running.result().strData == "wait"
    assert all(len(each.result().strData) == 60_000 for each in waiting)
    assert served.error(METRICS[:3] + b"\x07" * 10_000).code() is grpc.StatusCode.INVALID_ARGUMENT
    wait_until(lambda: served.service.memory.used_bytes == 0, "the memory to be free again")


def test_a_small_call_needs_no_budget(serve: Callable[..., Any], gate: Any) -> None:
    served = serve(gate)
    served.service.memory = MemoryBudget(10)
    calls = [served.stub().future(SeldonMessage(strData="small")) for _ in range(3)]
    threading.Thread(target=gate.open.set).start()
    assert [call.result().strData for call in calls] == ["small"] * 3
