"""Calls of predict and of the transformations: methods of one array, which a class may lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from seldon_runtime.component.calls.answers import Answers
from seldon_runtime.component.inspection.received_arrays import FLOAT64, Receive
from seldon_runtime.component.response_meta import ResponseMeta
from seldon_runtime.component.result import default_names
from seldon_runtime.component.signature import Invoke, name_of
from seldon_runtime.component.user_object import call_user
from seldon_runtime.errors import ComponentFailed, SeldonError, SeldonNotImplementedError
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import NDARRAY, TENSOR, TFTENSOR, Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import ArrayCall, HasMeta
from seldon_runtime.tracebacks import hide_frames

_TRANSFORMS = frozenset({Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT})
MAY_BE_ABSENT = _TRANSFORMS | {Method.PREDICT}
"""The methods that a class may lack: the client receives the unchanged payload, or an empty array."""

Result = tuple[Any, Kind | None, Sequence[Meta]]
"""The result of a user's method, the kind of the request's payload, and the metas of the request."""


def absent(method: Method, value: Any) -> Any:
    """Return the result that stands for a method that the class lacks."""
    return value if method in _TRANSFORMS else np.array([])


def transform(
    method: Method, plain: Mapping[Method, Invoke], receive: Mapping[Method, Receive]
) -> Callable[[Message], Result]:
    """Return the function that calls a method with a decoded request, whatever its payload is."""
    return partial(_transform, method, plain.get(method), receive[method])


def _transform(method: Method, function: Invoke | None, receive: Receive, request: Message) -> Result:
    payload: Any = request.payload
    value = payload.value
    if type(value) is not np.ndarray or value.dtype is not FLOAT64:  # spares most calls a step
        value = receive(as_single(payload).value if type(value) is Columns else value)
    if function is not None:
        try:
            result = call_user(function, value, payload.names, request.given_meta)
        except SeldonNotImplementedError:
            pass
        else:
            return result, payload.kind, (request.meta,)
    return absent(method, value), payload.kind, (request.meta,)


def array_call(method: Method, function: Invoke, response_meta: ResponseMeta, answers: Answers) -> ArrayCall:
    """Return the function that calls a method with an array of float64.

    It repeats the steps that such a call needs of all, because most calls are such.
    """
    names_of, asks_user = response_meta.names(method), response_meta.asks_user

    def call(value: Any, names: Sequence[Any] | None, kind: Kind, given_meta: Any, request: HasMeta) -> Any:
        try:
            result = function(value, names, given_meta)
        except SeldonNotImplementedError:
            result = absent(method, value)
        except SeldonError:
            raise
        except BaseException as error:
            raise ComponentFailed(name_of(function), hide_frames(error)) from error
        if type(result) is not np.ndarray or result.dtype is not FLOAT64 or asks_user:
            return answers.of(method, kind, (request.meta,), result, absent, value)
        packed = kind if kind is NDARRAY or kind is TFTENSOR else TENSOR
        if result.ndim < 2:
            return Payload(packed, result, [])
        own = names_of()
        return Payload(packed, result, default_names(result.shape[1]) if own is None else own)

    return call
