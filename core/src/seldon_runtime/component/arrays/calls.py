"""Calls with named arrays: the user's ``infer``, and the plain methods of classes that lack it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.arrays.declared import as_declared, declared
from seldon_runtime.component.arrays.results import OUTPUT, pack_arrays, v1_result
from seldon_runtime.component.calls.unfinished import is_answered_later
from seldon_runtime.component.calls.wrapped import checked_headers
from seldon_runtime.component.response_meta import ResponseMeta
from seldon_runtime.component.signature import Invoke, adapt
from seldon_runtime.component.user_api import Response
from seldon_runtime.component.user_object import UserObject, call_user
from seldon_runtime.errors import (
    ComponentFailed,
    ErrorCode,
    SeldonError,
    SeldonNotImplementedError,
    StartupError,
    described,
    is_read_only,
)
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, Kind, Message, Meta, Payload
from seldon_runtime.inference.method import Method

logger = logging.getLogger(__name__)

INPUT = "input-0"
"""The name of the only array of a request that gives no names."""
_PREDICT = Method.PREDICT
_PASSING = frozenset({Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT})


class NamedArrays:
    """The caller of one class with named arrays, on the component's thread.

    Args:
        user: the user's object.
        plain: the adapted plain methods of the class.
        response_meta: makes names, tags and metrics of the answers.
        changes: the conversions of requests that the methods' type hints ask for.
        most_values: the most values of a sparse array in an answer, zeros included.

    Raises:
        StartupError: ``infer`` needs arguments that the runtime never passes.
    """

    def __init__(
        self,
        user: UserObject,
        plain: Mapping[Method, Invoke],
        response_meta: ResponseMeta,
        changes: Mapping[Method, Callable[[Any], Any]],
        most_values: int,
    ) -> None:
        self._changes = changes
        self._most_values = most_values
        self._user = user
        self._plain = plain
        self._response_meta = response_meta
        self.misfits: Sequence[str] = ()
        """The reason why a function named ``infer`` is not called, for a warning."""
        self._infer = self._adapted(user.find("infer"))
        self._copies = False
        """True for a class that writes into the arrays that it receives, as its first such call has shown."""
        self._tried_copies: set[Method] = set()
        """The methods that have failed once because they wrote into a view."""
        self._inputs: Mapping[str, str] = {}
        self._outputs: Sequence[str] = (OUTPUT,)

    def _adapted(self, function: Callable[..., Any] | None) -> Invoke | None:
        """Return the function to call. Beside ``predict`` it may be a helper with another signature."""
        try:
            return None if function is None else adapt(function, ("inputs",), "parameters")
        except StartupError as error:
            if _PREDICT not in self._plain:
                raise
            self.misfits = (f"{error} Until then predict answers in its place",)
            return None

    @property
    def has_infer(self) -> bool:
        """True if the class defines ``infer``."""
        return self._infer is not None

    def declare(self, metadata: Mapping[str, Any]) -> None:
        """Take the names and datatypes of inputs and outputs from the metadata document."""
        self._inputs = declared(metadata["inputs"])
        self._outputs = tuple(declared(metadata["outputs"])) or (OUTPUT,)

    def result(self, method: Method, request: Message) -> Any:
        """Call the user's method with a request of kind ARRAYS, and return its result. Blocks meanwhile.

        The first call of a method that fails because it writes into a view of the request runs once more,
        with copies. Later calls receive copies at once.

        Raises:
            SeldonError: raised by user code; NOT_IMPLEMENTED when the class has no method for it;
                BAD_DATA when its only method takes one array, and the request has others than columns.
        """
        if self._copies:
            request = _writeable(request)
        payload: Any = request.payload
        try:
            if self._infer is not None and method is _PREDICT:
                parameters = (request.given_meta or {}).get("tags") or {}
                return call_user(self._infer, dict(payload.value), parameters)
            return self._by_plain_method(method, request)
        except ComponentFailed as error:
            if (
                method in self._tried_copies
                or not is_read_only(error.__cause__)
                or _writeable(request) is request
            ):
                raise
            return self._with_copies(method, request, error)

    def _with_copies(self, method: Method, request: Message, error: ComponentFailed) -> Any:
        """Return the result of a second call; if it writes into a view again, no other call is tried so.

        If it fails for another reason, such as a request that the class refuses, the copies have helped.
        """
        self._tried_copies.add(method)
        has_helped = True
        try:
            return self.result(method, _writeable(request))
        except ComponentFailed as again:
            has_helped = not is_read_only(again.__cause__)
            raise
        finally:
            if has_helped:
                self._copy_from_now_on(error)

    def _copy_from_now_on(self, error: ComponentFailed) -> None:
        self._copies = True
        logger.warning(
            "%s writes into the arrays that it receives (%s). They are views of the request: from now on the "
            "runtime copies them. Copy in the method what it changes, such as X = X.copy(), to avoid that",
            error.where,
            described(error.__cause__ or error),
        )

    def message(self, method: Method, metas: Sequence[Meta], result: Any) -> Message:
        """Return the answer of kind ARRAYS for the result of the user's method.

        Raises:
            SeldonError: COMPONENT_FAILED when it holds no arrays.
        """
        response = result if isinstance(result, Response) else None
        arrays = pack_arrays(result if response is None else response.data, self._outputs, self._most_values)
        names: Sequence[Any] = ()
        if len(arrays) == 1 and next(iter(arrays.values())).ndim > 1:
            names = self._response_meta.names(method)() or ()
        meta, metrics = self._response_meta.meta(method, metas, response)
        if response is not None and response.headers:
            headers = checked_headers(response.headers)
            return Message(Payload(ARRAYS, arrays, names), meta, None, metrics, headers)
        return Message(Payload(ARRAYS, arrays, names), meta, None, metrics)

    def _by_plain_method(self, method: Method, request: Message) -> Any:
        payload: Any = request.payload
        function = self._plain.get(method)
        if function is None:
            raise SeldonError(
                f"{self._user.class_name} has no method {method.value}"
                f"{' and no infer' if method is _PREDICT else ''}",
                code=ErrorCode.NOT_IMPLEMENTED,
            )
        arrays = payload.value
        value, names = next(iter(arrays.values())), payload.names
        change = self._changes.get(method)
        if change is not None:
            value = change(request).payload.value
            names = list(arrays) if len(arrays) > 1 else names
        elif len(arrays) > 1:
            single = as_single(payload)
            value, names = single.value, single.names
        try:
            return call_user(function, value, names, request.given_meta)
        except SeldonNotImplementedError:
            return self.absent(method, request)

    def absent(self, method: Method, request: Message) -> Any:
        """Return the result for a plain method that raised SeldonNotImplementedError; None for ``infer``."""
        if method is _PREDICT and self._infer is not None:
            return None
        return dict(request.payload.value) if method in _PASSING else np.array([])  # type: ignore[union-attr]

    def infer(self, request: Message) -> tuple[Any, Kind | None, Sequence[Meta]]:
        """Call ``infer`` with a v1 request.

        Returns:
            The result in a form that v1 has, or unfinished; the request's kind, and its meta.
        """
        assert self._infer is not None
        payload: Any = request.payload
        result = call_user(self._infer, self._named(payload), request.meta.tags)
        result = result if is_answered_later(result) else self.v1_form(result)
        return result, payload.kind, (request.meta,)

    def v1_form(self, result: Any) -> Any:
        """Return the result of ``infer`` in a form that v1 has."""
        if isinstance(result, Response):
            data = v1_result(pack_arrays(result.data, self._outputs, self._most_values))
            return Response(data, result.tags, result.metrics, result.headers)
        return v1_result(pack_arrays(result, self._outputs, self._most_values))

    def _named(self, payload: Payload) -> dict[str, NDArray[Any]]:
        """Return the arrays of a v1 payload by the names that the class declares, or the request gives."""
        value, names = payload.value, list(payload.names or ())
        if type(value) is Columns:
            return {name: self._declared(name, column) for name, column in value.items()}
        if payload.kind in (Kind.STR, Kind.BINARY):
            value = np.array([value], object)
        elif payload.kind not in DATA_KINDS:
            raise SeldonError(
                f"the request has {payload.kind.value}, expected data, strData or binData: the component "
                "defines infer, which receives arrays"
            )
        wanted = list(self._inputs)
        if len(wanted) == 1 or (not wanted and not names):
            return {(wanted or [INPUT])[0]: self._declared(wanted[0] if wanted else INPUT, value)}
        names = names or wanted
        if value.ndim != 2 or value.shape[1] != len(names) or (wanted and set(names) != set(wanted)):
            raise SeldonError(
                f"the request has an array of shape {list(value.shape)} and the names {names!r:.200}, "
                f"expected a column for each of {', '.join(map(str, wanted or names))}"
            )
        return {str(name): self._declared(str(name), value[:, index]) for index, name in enumerate(names)}

    def _declared(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        return as_declared(array, self._inputs.get(name), name)


def _writeable(request: Message) -> Message:
    """Return a request with copies of the arrays that cannot be written into; itself without such arrays."""
    payload: Any = request.payload
    arrays = payload.value
    if all(array.flags.writeable for array in arrays.values()):
        return request
    copies = {name: array if array.flags.writeable else array.copy() for name, array in arrays.items()}
    return replace(request, payload=Payload(payload.kind, copies, payload.names))
