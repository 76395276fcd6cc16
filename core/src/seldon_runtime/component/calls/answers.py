"""The answers that are made of the results of a user's methods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from seldon_runtime.component.calls.unfinished import UNFINISHED, Unfinished, answer_of
from seldon_runtime.component.calls.wrapped import checked_headers
from seldon_runtime.component.response_meta import ResponseMeta
from seldon_runtime.component.result import Names, pack
from seldon_runtime.component.user_api import Response
from seldon_runtime.inference.message import Kind, Message, Meta, Payload
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.inference.predictor import Stream

Answer = Message | Stream | Awaitable[Message | Stream]


class Answers:
    """The maker of answers of one class, on the component's thread.

    Args:
        response_meta: makes their meta and names.
        completed: returns the result of an async method as if it were that of a plain one.
        most_values: the most values of a sparse array, zeros included.
    """

    def __init__(
        self, response_meta: ResponseMeta, completed: Callable[[Method, Any], Any], most_values: int
    ) -> None:
        self._response_meta = response_meta
        self._completed = completed
        self._most_values = most_values
        self._names: dict[Method, Names] = {method: response_meta.names(method) for method in USER_METHODS}

    def of(
        self,
        method: Method,
        kind: Kind | None,
        metas: Sequence[Meta],
        result: Any,
        absent: Callable[[Method, Any], Any],
        given: Any,
    ) -> Answer:
        """Return the answer for a result, finished or not.

        Args:
            method: the method.
            kind: the kind of the request's payload.
            metas: the metas of the request.
            result: the result of the user's method.
            absent: returns the result for a method and ``given``, if the method is not implemented after all.
            given: the second argument of ``absent``.
        """
        if type(result) not in UNFINISHED:
            try:
                return self._message(method, kind, metas, result)
            except Unfinished as error:
                result = result if isinstance(result, Response) else error.result
        return answer_of(
            result, method, partial(self._later, method, kind, metas), partial(absent, method, given)
        )

    def beside(self, payload: Payload, request: Meta) -> Message:
        """Return the answer to one request, of a component that adds nothing to its meta but its path."""
        return Message(payload, self._response_meta.beside(request))

    def _message(self, method: Method, kind: Kind | None, metas: Sequence[Meta], result: Any) -> Message:
        response = result if isinstance(result, Response) else None
        data = response.data if response else result
        payload = pack(data, kind, self._names[method], self._most_values)
        meta, metrics = self._response_meta.meta(method, metas, response)
        given = response.headers if response is not None else None
        return Message(payload, meta, None, metrics, checked_headers(given) if given else None)

    def _later(self, method: Method, kind: Kind | None, metas: Sequence[Meta], result: Any) -> Message:
        return self._message(method, kind, metas, self._completed(method, result))
