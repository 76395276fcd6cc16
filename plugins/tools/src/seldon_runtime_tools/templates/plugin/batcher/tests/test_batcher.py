"""Each caller of a batch receives what a call of its own would have given."""

from __future__ import annotations

from typing import Any

import numpy as np
from seldon_my_name.batcher import MyNameBatcher

from seldon_runtime.plugin import (
    ErrorCode,
    Kind,
    Message,
    Meta,
    Method,
    Metric,
    Payload,
    Request,
    SeldonError,
)


class Sums:
    """Sums each row; fails at a negative number; records the number of rows of each prediction."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, method: Method, request: Request) -> Message:
        assert isinstance(request, Message)
        assert request.payload is not None
        value = request.payload.value
        self.rows.append(len(value))
        if (value < 0).any():
            raise SeldonError("negative", code=ErrorCode.COMPONENT_FAILED)
        total = value.sum(axis=-1, keepdims=True)
        return Message(Payload(Kind.NDARRAY, total), request.meta, metrics=[Metric("sums", "COUNTER", 1.0)])


def rows(values: Any, **meta: Any) -> Message:
    return Message(Payload(Kind.NDARRAY, np.array(values, float)), Meta(**meta))


def predict(sums: Sums, *requests: Message) -> Any:
    return MyNameBatcher(32, 0.0).predict(Method.PREDICT, requests, sums)


def test_rows_of_one_layout_are_one_prediction_and_other_requests_stay_alone() -> None:
    sums = Sums()
    requests = [
        rows([[1, 2]]),
        rows([[1, 2, 3]]),
        rows([[3, 4], [5, 6]]),
        rows([[7, 8]], puid="p"),
        rows([9]),
    ]
    answers = predict(sums, *requests)
    assert [answer.payload.value.tolist() for answer in answers] == [[[3]], [[6]], [[7], [11]], [[15]], [9]]
    assert [answer.meta.puid for answer in answers] == ["", "", "", "p", ""]
    assert sorted(sums.rows) == [1, 1, 1, 3]


def test_the_error_of_one_caller_is_not_that_of_another() -> None:
    first, second = predict(Sums(), rows([[1, 2]]), rows([[-1, 2]]))
    assert first.payload.value.tolist() == [[3]]
    assert second.message == "negative"


def test_the_metrics_of_a_batch_count_once() -> None:
    answers = predict(Sums(), rows([[1, 2]]), rows([[3, 4]]))
    assert [len(answer.metrics) for answer in answers] == [1, 0]
