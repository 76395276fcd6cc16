"""The marks of a user's class for batches: ``batchable = False``, ``predict_batch``, arguments for meta."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from seldon_runtime.plugin import Method, ServiceType, StartupError

_STACKED = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT)
"""The methods whose requests are rows, and whose answers may be."""


class Marks:
    """The marks of one user object.

    Args:
        user: the instance of the user's class; None for a predictor without one.
        service_type: the kind of the component. An OUTLIER_DETECTOR tags each answer with scores of its rows,
            so its ``transform_input`` is not batched.

    Raises:
        StartupError: ``predict_batch`` cannot be called with one list, is an async method or a generator.
    """

    def __init__(self, user: object | None, service_type: ServiceType) -> None:
        self.user = user
        self.predict_batch = _predict_batch(user)
        """The user's method for a list of requests, or None."""
        stacked = _STACKED if _is_batchable(user) else ()
        functions = {method: _function(user, method) for method in stacked}
        self.methods = frozenset(
            method for method, f in functions.items() if _is_batchable(f) and not _is_stream(f)
        )
        """The methods whose calls may share a batch."""
        if service_type is ServiceType.OUTLIER_DETECTOR:
            self.methods -= {Method.TRANSFORM_INPUT}
        self.meta_readers = frozenset(
            method for method in self.methods if _takes_meta(_function(user, method))
        )
        """The batched methods that receive the request's meta."""


def _function(user: object | None, method: Method) -> Any:
    return getattr(user, method.value, None)


def _is_batchable(thing: object | None) -> bool:
    return getattr(thing, "batchable", True) is not False


def _is_stream(function: Any) -> bool:
    """Return whether a method yields its answer, which no other call can share."""
    return any(inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f) for f in _forms(function))


def _forms(function: Any) -> list[Any]:
    """Return a function, the wrapped function, and their ``__call__`` if they are objects."""
    if not callable(function):
        return []
    inner = inspect.unwrap(function)
    return [function, inner, type(function).__call__, type(inner).__call__]


def _takes_meta(function: Any) -> bool:
    if function is None:
        return False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of native code
        return True
    return any(p.name == "meta" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)


def _predict_batch(user: object | None) -> Callable[[list[Any]], Any] | None:
    function: Any = getattr(user, "predict_batch", None)
    if function is None:
        return None
    try:
        inspect.signature(function).bind([])
    except (TypeError, ValueError) as error:
        raise StartupError(
            f"{type(user).__name__}.predict_batch cannot be called with one list of requests: {error}"
        ) from error
    if _is_stream(function) or any(map(inspect.iscoroutinefunction, _forms(function))):
        raise StartupError(
            f"{type(user).__name__}.predict_batch is an async method or a generator, expected a plain method "
            "that returns a list with one result for each request"
        )
    return function  # type: ignore[no-any-return]
