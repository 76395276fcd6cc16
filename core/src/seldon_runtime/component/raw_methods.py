"""Methods of user code that handle the wire format: ``*_raw``, and the older ``predict_rest`` and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from seldon_runtime.component import custom_metrics
from seldon_runtime.component.user_object import UserObject, call_user
from seldon_runtime.errors import SeldonNotImplementedError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.codec import RawCodec
from seldon_runtime.inference.message import Feedback, Request
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.inference.predictor import Proceed, WireMethod

Annotate = Callable[[Request], Any]
"""Function that scores a decoded request and returns the outlier detector's addition to its meta."""


def wire_methods(
    user: UserObject, codec: RawCodec, *, show_metrics: bool, annotate: Annotate | None = None
) -> dict[Method, WireMethod]:
    """Return the methods that need the parsed request of this codec's wire format.

    Args:
        user: the user's object.
        codec: any codec of the wire format; codecs of one name have the same methods.
        show_metrics: True to show the component's own metrics in answers.
        annotate: the function of an outlier detector, which answers the request itself.
    """
    found: dict[Method, WireMethod] = {}
    for method in USER_METHODS:
        functions = list(_functions(user, method, codec))
        scores = annotate if method is Method.TRANSFORM_INPUT else None
        if functions or scores:
            found[method] = _WireMethod(method, functions, scores, show_metrics)
    return found


def _functions(
    user: UserObject, method: Method, codec: RawCodec
) -> Iterator[tuple[Callable[..., Any], str | None]]:
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
        functions: list[tuple[Callable[..., Any], str | None]],
        annotate: Annotate | None,
        show_metrics: bool,
    ) -> None:
        self._method = method
        self._functions = functions
        self._annotate = annotate
        self._show_metrics = show_metrics

    def __call__(self, call: Call, proceed: Proceed) -> Any:
        """Return the wire answer; call ``proceed`` if no raw method is implemented."""
        method, codec = self._method, cast(RawCodec, call.codec)
        parsed = codec.parse(method, call.wire) if method is not Method.HEALTH_STATUS else None
        request: Request = None
        if method is Method.SEND_FEEDBACK:  # decoded first, so that the reward counts even if the call fails
            request = codec.decode(method, parsed)
            call.reward = request.reward if isinstance(request, Feedback) else None
        for function, hook in self._functions:
            try:
                result = self._called(function, hook, parsed, codec)
            except SeldonNotImplementedError:
                continue
            call.metrics = custom_metrics.checked(custom_metrics.as_list(codec.raw_metrics(result)))
            return codec.write_raw(method, result, show_metrics=self._show_metrics)
        if request is None and method is not Method.HEALTH_STATUS:
            request = codec.decode(method, parsed)
        if self._annotate is None:
            return proceed(request)
        annotation = self._annotate(request)
        call.metrics = annotation.metrics
        return codec.annotate(method, parsed, annotation)

    def _called(self, function: Callable[..., Any], hook: str | None, parsed: Any, codec: RawCodec) -> Any:
        if self._method is Method.HEALTH_STATUS:
            return call_user(function)
        if hook is None:
            return call_user(function, codec.raw_argument(self._method, parsed))
        return call_user(function, codec.hook_argument(self._method, hook, parsed))
