"""The prediction of requests with the same layout: in batches, and again in halves after an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seldon_runtime.plugin import ErrorCode, Message, Method, Predict, SeldonError, Stream
from seldon_runtime_batching.rows import rows_of, shares, stacked

Answers = list["Message | Stream | SeldonError"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of batches."""

    most_rows: int
    preferred: tuple[int, ...]
    """The preferred numbers of rows, the largest first."""
    splits: bool
    """True to predict the halves of a batch after an error, until the request that fails is alone."""
    retries_alone: bool
    """True to predict each request alone after an answer without a row for each row."""

    def batches(self, rows: Sequence[int]) -> Iterator[slice]:
        """Yield the batches of requests with these numbers of rows, in their order."""
        begin, left = 0, sum(rows)
        while begin < len(rows):
            most = next((size for size in self.preferred if size <= left), self.most_rows)
            end, size = begin + 1, rows[begin]
            while end < len(rows) and size + rows[end] <= most:
                size += rows[end]
                end += 1
            yield slice(begin, end)
            begin, left = end, left - size


def answers(policy: Policy, method: Method, requests: Sequence[Message], predict: Predict) -> Answers:
    """Return one answer or error for each request; all have the same layout. Blocks meanwhile."""
    found: Answers = []
    for part in policy.batches([rows_of(request) for request in requests]):
        found += _batch(policy, method, requests[part], predict)
    return found


def alone(method: Method, request: Message, predict: Predict) -> Message | Stream | SeldonError:
    """Return the answer of one request, or its error."""
    try:
        return predict(method, request)
    except SeldonError as error:
        return error


def _batch(policy: Policy, method: Method, requests: Sequence[Message], predict: Predict) -> Answers:
    if len(requests) == 1:
        return [alone(method, requests[0], predict)]
    try:
        answer = predict(method, stacked(requests))
    except SeldonError as error:
        return after_error(requests, error, lambda half: _batch(policy, method, half, predict), policy)
    found = shares(answer, requests) if isinstance(answer, Message) else None
    if found is not None:
        return [*found]
    if policy.retries_alone:
        return [alone(method, request, predict) for request in requests]
    try:
        raise _mismatch(method, requests, answer)
    except SeldonError as error:  # its traceback tells that no user code raised it
        return [error] * len(requests)


def after_error(
    requests: Sequence[Message],
    error: SeldonError,
    again: Callable[[Sequence[Message]], Answers],
    policy: Policy,
) -> Answers:
    """Return the answers of a batch that failed: those of its halves, or the error for all."""
    if not policy.splits or len(requests) == 1:
        return [error] * len(requests)
    middle = len(requests) // 2
    return [*again(requests[:middle]), *again(requests[middle:])]


def _mismatch(method: Method, requests: Sequence[Message], answer: Message | Stream) -> SeldonError:
    rows = sum(map(rows_of, requests))
    payload = answer.payload if isinstance(answer, Message) else None
    value = None if payload is None else payload.value
    given = (
        f"an array of shape {list(value.shape)}" if isinstance(value, np.ndarray) else "no array with rows"
    )
    return SeldonError(
        f"{method.value} returned {given} for a batch of {rows} rows, expected a row for each: set "
        "batchable = False in the class, or --batch-on-mismatch alone",
        code=ErrorCode.COMPONENT_FAILED,
    )
