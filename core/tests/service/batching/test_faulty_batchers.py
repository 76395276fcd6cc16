"""Errors of batchers and of batches: each call gets an error of its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pytest

from seldon_runtime.errors import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Request
from seldon_runtime.inference.method import Method
from seldon_runtime.service.batching.batcher import Predict

from .held import Doubles, Held, Stacks, good


class Answers(Stacks):
    """Answers as the test says."""

    def __init__(self, answer: Callable[[int], Any]) -> None:
        super().__init__()
        self.answer = answer

    def predict(self, method: Method, requests: Sequence[Request], predict: Predict) -> Any:
        return self.answer(len(requests))


def raises(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (lambda n: [good(), SeldonError("no", code=ErrorCode.BAD_DATA)], [None, ErrorCode.BAD_DATA]),
        (lambda n: [good()] * (n - 1), [ErrorCode.COMPONENT_FAILED] * 2),
        (lambda n: [good(), 7], [None, ErrorCode.COMPONENT_FAILED]),
        (lambda n: raises(KeyError("batcher")), [ErrorCode.COMPONENT_FAILED] * 2),
        (lambda n: raises(SeldonError("all", code=ErrorCode.RATE_LIMITED)), [ErrorCode.RATE_LIMITED] * 2),
    ],
)
def test_each_call_gets_its_own_error_whatever_a_batcher_does(
    held: Callable[..., Held], answer: Callable[[int], Any], codes: list[ErrorCode | None]
) -> None:
    one = held(Answers(answer))
    one.submit(0)
    one.submit(1)
    outcomes = one.release()
    assert [getattr(outcomes[str(number)], "code", None) for number in range(2)] == codes


def test_a_batcher_that_cannot_tell_the_group_fails_its_call_only(held: Callable[..., Held]) -> None:
    class Crashes(Stacks):
        def group(self, call: Call) -> Hashable | None:
            return {"1": 1 // 0} if call.request_id == "1" else 0

    one = held(Crashes())
    one.submit(0)
    one.submit(1)
    outcomes = one.release()
    assert outcomes["0"] == 0.0
    assert isinstance(outcomes["1"], ComponentFailed)


def test_a_group_that_is_not_hashable_is_the_batchers_fault(held: Callable[..., Held]) -> None:
    class Unhashable(Stacks):
        def group(self, call: Call) -> Any:
            return [call.request_id]

    one = held(Unhashable())
    one.submit(0)
    assert isinstance(one.release()["0"], ComponentFailed)


class Raises(Doubles):
    def predict(self, X: Any, names: Any) -> Any:
        raise ValueError("a secret")


def test_an_error_of_a_batch_names_the_request_of_each_caller(held: Callable[..., Held]) -> None:
    one = held(Stacks(), Raises(), error_details=False)
    for number in range(3):
        one.submit(number)
    assert {name: error.message for name, error in one.release().items()} == {
        str(number): f"the component failed; see its log for request {number}" for number in range(3)
    }
