"""Calls of a class's plain methods with decoded requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from seldon_runtime.component.calls.transforms import MAY_BE_ABSENT, Result, transform
from seldon_runtime.component.calls.unfinished import UNFINISHED
from seldon_runtime.component.hints.methods import as_it_is
from seldon_runtime.component.inspection.received_arrays import Receive
from seldon_runtime.component.result import branch_array
from seldon_runtime.component.signature import Invoke
from seldon_runtime.component.user_object import call_user
from seldon_runtime.errors import ErrorCode, SeldonError, SeldonNotImplementedError
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import ARRAYS, NDARRAY, Feedback, Message, Payload
from seldon_runtime.inference.method import Method

_HEALTHY = "healthy"
_NOTHING = partial(np.array, ())
_ABSENT: Mapping[Method, Callable[[], Any]] = {
    Method.SEND_FEEDBACK: _NOTHING,
    Method.HEALTH_STATUS: lambda: _HEALTHY,
}


class PlainCalls:
    """The functions that call the user's methods with a decoded request, on the component's thread.

    Args:
        class_name: for errors.
        unit: the name of the component in its graph, by which it finds its branch in feedback.
        plain: the adapted plain methods of the class.
        receive: makes the arrays that each method receives.
    """

    def __init__(
        self,
        class_name: str,
        unit: str | None,
        plain: Mapping[Method, Invoke],
        receive: Mapping[Method, Receive],
    ) -> None:
        self._class_name = class_name
        self._unit = unit or "0"
        self._plain = plain
        self._receive = receive

    def functions(self) -> dict[Method, Callable[[Any], Result]]:
        """Return the function for each method."""
        return {
            **{method: transform(method, self._plain, self._receive) for method in MAY_BE_ABSENT},
            Method.ROUTE: self._route,
            Method.AGGREGATE: self._aggregate,
            Method.SEND_FEEDBACK: self._feedback,
            Method.HEALTH_STATUS: self._health,
        }

    def _route(self, request: Message) -> Result:
        payload = self._received(Method.ROUTE, request.payload)  # type: ignore[arg-type]
        value = payload.value
        branch = self._invoke(Method.ROUTE, value, payload.names, request.given_meta)
        branch = branch if type(branch) in UNFINISHED else branch_array(branch)
        return branch, payload.kind, (request.meta,)

    def completed(self, method: Method, result: Any) -> Any:
        """Return the result of an async method as :meth:`functions` return that of a plain one."""
        if method is Method.ROUTE:
            return branch_array(result)
        return _NOTHING() if method is Method.SEND_FEEDBACK and result is None else result

    def absent(self, method: Method, request: Any) -> Any:
        """Return the result that stands for a method that raised SeldonNotImplementedError; None for none."""
        if method in self._plain and method in MAY_BE_ABSENT:
            return transform(method, {}, self._receive)(request)[0]
        return _ABSENT[method]() if method in _ABSENT else None

    def _received(self, method: Method, payload: Payload) -> Payload:
        """Return the payload whose value is what the method receives.

        Arrays by name become one array as it is, unless a hint's conversion makes the argument of them.
        """
        receive = self._receive[method]
        if receive is as_it_is:
            return payload
        if payload.kind is ARRAYS:
            return as_single(payload)
        value = receive(payload.value)
        return payload if value is payload.value else Payload(payload.kind, value, payload.names)

    def _invoke(self, method: Method, *arguments: Any) -> Any:
        if (function := self._plain.get(method)) is not None:
            return call_user(function, *arguments)
        raise SeldonError(f"{self._class_name} has no method {method.value}", code=ErrorCode.NOT_IMPLEMENTED)

    def _aggregate(self, messages: list[Message]) -> Result:
        given = [message.payload for message in messages if message.payload is not None]
        payloads = [self._received(Method.AGGREGATE, payload) for payload in given]
        values = [payload.value for payload in payloads]
        names = [payload.names for payload in payloads]
        metas = [message.given_meta for message in messages if message.payload is not None]
        result = self._invoke(Method.AGGREGATE, values, names, metas)
        kind = NDARRAY if type(given[0].value) is Columns else given[0].kind
        return result, kind, [message.meta for message in messages]

    def _feedback(self, feedback: Feedback) -> Result:
        request = feedback.request
        payload = request.payload if request is not None else None
        truth = feedback.truth.payload if feedback.truth is not None else None
        routing = feedback.response.meta.routing if feedback.response is not None else {}
        receive = self._receive[Method.SEND_FEEDBACK]
        result = None
        if Method.SEND_FEEDBACK in self._plain:
            try:
                result = self._invoke(
                    Method.SEND_FEEDBACK,
                    np.array([]) if payload is None else receive(payload.value),
                    [] if payload is None else payload.names,
                    feedback.reward,
                    np.array([]) if truth is None else receive(truth.value),
                    routing.get(self._unit),
                )
            except SeldonNotImplementedError:
                result = None
        metas = (request.meta,) if request is not None else ()
        return _NOTHING() if result is None else result, payload.kind if payload else None, metas

    def _health(self, _: None) -> Result:
        status: Any = _HEALTHY
        if Method.HEALTH_STATUS in self._plain:
            with suppress(SeldonNotImplementedError):
                status = self._invoke(Method.HEALTH_STATUS)
        return status, None, ()
