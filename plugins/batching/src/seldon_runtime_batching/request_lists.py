"""Lists of requests for the user's ``predict_batch``, which takes what cannot be stacked, such as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_runtime.plugin import ComponentFailed, ErrorCode, Identity, Message, SeldonError, answer_of
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.prediction import Answers, Policy, after_error


@dataclass(frozen=True, slots=True)
class BatchedRequest:
    """One request of a batch, as ``predict_batch`` receives it."""

    data: Any
    """The payload: an array, a text, bytes, a JSON value, or arrays by name, as the client sent it."""
    names: Sequence[Any]
    """The names of columns."""
    meta: Any
    """The request's meta as the client sent it; None without one."""


class RequestLists:
    """Answers requests by the user's ``predict_batch``.

    Args:
        marks: the class's, with a ``predict_batch``.
        policy: sizes, and what happens after errors.
        identity: the component's names.
    """

    def __init__(self, marks: Marks, policy: Policy, identity: Identity) -> None:
        assert marks.predict_batch is not None
        self._user: Any = marks.user
        self._predict: Callable[[list[Any]], Any] = marks.predict_batch
        self._where = f"{type(marks.user).__name__}.predict_batch"
        self._policy = policy
        self._identity = identity

    def answers(self, requests: Sequence[Message]) -> Answers:
        """Return one answer or error for each request. Blocks while the method runs."""
        try:
            results = self._results(requests)
        except SeldonError as error:
            return after_error(requests, error, self.answers, self._policy)
        return [self._answer(request, result) for request, result in zip(requests, results, strict=True)]

    def _results(self, requests: Sequence[Message]) -> list[Any]:
        try:
            results = self._predict([_given(request) for request in requests])
        except SeldonError:
            raise
        except Exception as error:
            raise ComponentFailed(self._where, error) from error
        if not isinstance(results, list | tuple) or len(results) != len(requests):
            what = f"{len(results)} results" if isinstance(results, list | tuple) else type(results).__name__
            raise SeldonError(
                f"{self._where} returned {what}, expected a list with one result for each of "
                f"{len(requests)} requests",
                code=ErrorCode.COMPONENT_FAILED,
            )
        return list(results)

    def _answer(self, request: Message, result: Any) -> Message | SeldonError:
        if isinstance(result, SeldonError):
            return result
        if isinstance(result, Exception):
            return ComponentFailed(self._where, result)
        try:
            return answer_of(self._user, request, result, self._identity)
        except SeldonError as error:
            return error


def _given(request: Message) -> BatchedRequest:
    payload: Any = request.payload
    return BatchedRequest(payload.value, payload.names or (), request.given_meta)
