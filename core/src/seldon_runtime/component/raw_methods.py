"""Methods of user code that handle the wire format: ``*_raw``, and the older ``predict_rest`` and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

from seldon_runtime.component import custom_metrics
from seldon_runtime.component.calls.unfinished import await_user, is_unfinished
from seldon_runtime.component.outlier_detector import OutlierDetector
from seldon_runtime.component.user_object import UserObject, call_user
from seldon_runtime.errors import SeldonNotImplementedError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import RawCodec
from seldon_runtime.inference.message import Feedback, Request
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.inference.predictor import Proceed, WireMethod

_Function = tuple[Callable[..., Any], str | None]
"""A raw method of the user, with the suffix of an older wire or None."""


def wire_methods(
    user: UserObject, codec: RawCodec, *, show_metrics: bool, detector: OutlierDetector | None = None
) -> dict[Method, WireMethod]:
    """Return the methods that need the parsed request of this codec's wire format.

    Args:
        user: the user's object.
        codec: any codec of the wire format; codecs of one name have the same methods.
        show_metrics: True to show the component's own metrics in answers.
        detector: answers ``transform_input`` with the request itself and its scores.
    """
    found: dict[Method, WireMethod] = {}
    for method in USER_METHODS:
        functions = list(_functions(user, method, codec))
        scores = detector if method is Method.TRANSFORM_INPUT else None
        if functions or scores:
            found[method] = _WireMethod(method, functions, scores, show_metrics)
    return found


def _functions(user: UserObject, method: Method, codec: RawCodec) -> Iterator[_Function]:
    """Yield the user's functions in the order of their trial, each with its older suffix or None."""
    for hook in codec.hooks(method):
        function = user.find(f"{method.value}_{hook}")
        if function is not None:
            yield function, hook
            break
    function = user.find(f"{method.value}_raw")
    if function is not None:
        yield function, None


class _WireMethod:
    """A method in one wire format."""

    def __init__(
        self,
        method: Method,
        functions: Sequence[_Function],
        detector: OutlierDetector | None,
        show_metrics: bool,
    ) -> None:
        self._method = method
        self._functions = functions
        self._detector = detector
        self._show_metrics = show_metrics

    def __call__(self, call: Call, proceed: Proceed) -> Any:
        """Return the wire answer; call ``proceed`` if no raw method is implemented."""
        method, codec = self._method, cast(RawCodec, call.codec)
        parsed = codec.parse(method, call.wire) if method is not Method.HEALTH_STATUS else None
        request: Request = None
        if method is Method.SEND_FEEDBACK:  # decoded first, so that the reward counts even if the call fails
            request = codec.decode(method, parsed)
            call.reward = request.reward if isinstance(request, Feedback) else None
        return self._first_of(self._functions, call, parsed, request, proceed)

    def _first_of(
        self, functions: Sequence[_Function], call: Call, parsed: Any, request: Request, proceed: Proceed
    ) -> Any:
        """Return the wire answer of the first function that is implemented, or else of the plain method."""
        method, codec = self._method, cast(RawCodec, call.codec)
        for place, (function, hook) in enumerate(functions):
            try:
                result = self._called(function, hook, parsed, codec)
            except SeldonNotImplementedError:
                continue
            if is_unfinished(result):
                rest = partial(self._first_of, functions[place + 1 :], call, parsed, request, proceed)
                return self._later(call, result, rest)
            return self._written(call, result)
        if request is None and method is not Method.HEALTH_STATUS:
            request = codec.decode(method, parsed)
        if self._detector is None:
            return proceed(request)
        scores = self._detector.scores(request)
        if is_unfinished(scores):
            return self._annotated_later(call, parsed, scores)
        return self._annotated(call, parsed, scores)

    async def _later(self, call: Call, unfinished: Any, rest: Callable[[], Any]) -> Any:
        try:
            result = await await_user(unfinished)
        except SeldonNotImplementedError:
            answer = rest()
            return await answer if is_unfinished(answer) else answer
        return self._written(call, result)

    def _written(self, call: Call, result: Any) -> Any:
        codec = cast(RawCodec, call.codec)
        call.metrics = custom_metrics.checked(custom_metrics.as_list(codec.raw_metrics(result)))
        return codec.write_raw(self._method, result, show_metrics=self._show_metrics)

    def _annotated(self, call: Call, parsed: Any, scores: Any) -> Any:
        assert self._detector is not None
        annotation = self._detector.annotation(scores)
        call.metrics = annotation.metrics
        return cast(RawCodec, call.codec).annotate(self._method, parsed, annotation)

    async def _annotated_later(self, call: Call, parsed: Any, unfinished: Any) -> Any:
        return self._annotated(call, parsed, await await_user(unfinished))

    def _called(self, function: Callable[..., Any], hook: str | None, parsed: Any, codec: RawCodec) -> Any:
        if self._method is Method.HEALTH_STATUS:
            return call_user(function)
        if hook is None:
            return call_user(function, codec.raw_argument(self._method, parsed))
        return call_user(function, codec.hook_argument(self._method, hook, parsed))
