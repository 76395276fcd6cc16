"""The user's object as a component: which methods it has, and how each call uses them.

Everything about the class is found out in the constructor, and once more after the user's
``load()``; a call only looks things up. All methods run on the component's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from seldon_runtime import custom_metrics, metadata
from seldon_runtime.annotations import Annotations
from seldon_runtime.call import Call
from seldon_runtime.codec import Codec
from seldon_runtime.errors import ErrorCode, SeldonError, SeldonNotImplementedError
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.message import Feedback, Kind, Message, Meta, Method, Metric
from seldon_runtime.reply import pack
from seldon_runtime.signature import Invoke, adapt
from seldon_runtime.user import Response
from seldon_runtime.user_object import UserObject, call_optional, call_user

_ARGUMENTS: dict[Method, tuple[tuple[str, ...], str | None]] = {
    Method.PREDICT: (("X", "features_names"), "meta"),
    Method.TRANSFORM_INPUT: (("X", "features_names"), "meta"),
    Method.TRANSFORM_OUTPUT: (("X", "features_names"), "meta"),
    Method.ROUTE: (("X", "features_names"), "meta"),
    Method.AGGREGATE: (("features_list", "names_list"), None),
    Method.SEND_FEEDBACK: (("features", "features_names", "reward", "truth"), "routing"),
    Method.HEALTH_STATUS: ((), None),
}
_TRANSFORMS = frozenset({Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT})
_MAY_BE_ABSENT = _TRANSFORMS | {Method.PREDICT}
"""The protocol answers these without a method: the payload as it is, or an empty array."""
_ODD = frozenset({Method.SEND_FEEDBACK, Method.HEALTH_STATUS})
"""Feedback is read before anything is called, and a question for health has nothing to read."""
_METHODS_OF = {
    ServiceType.MODEL: ("predict",),
    ServiceType.ROUTER: ("route",),
    ServiceType.TRANSFORMER: ("transform_input", "transform_output"),
    ServiceType.COMBINER: ("aggregate",),
    ServiceType.OUTLIER_DETECTOR: ("score",),
}
"""Of which one is enough."""

RawMethod = tuple[Callable[..., Any], str | None]
"""A raw form of a method; for an old wire hook its suffix, None for ``*_raw``."""
Ways = tuple[list[RawMethod], bool]
Result = tuple[Any, Kind | None, Sequence[Meta]]
"""What the user's method returned, the kind its answer follows, and the metas of the request."""


class Component:
    """One user object, ready to be called.

    Args:
        user: an instance of the user's class.
        identity: who it is in its deployment.
        service_type: OUTLIER_DETECTOR makes ``transform_input`` call ``score``.
        show_metrics: whether answers show the component's own metrics.
        wires: suffixes of the old wire hooks that count as a method, such as ``rest``.

    Raises:
        StartupError: a method needs arguments that nobody passes.
        ComponentFailed: an attribute of the class cannot be read.
    """

    def __init__(
        self,
        user: object,
        identity: Identity | None = None,
        service_type: ServiceType = ServiceType.MODEL,
        *,
        show_metrics: bool = True,
        wires: Sequence[str] = (),
    ) -> None:
        self.user = user
        self.identity = identity or Identity()
        self.service_type = service_type
        self._object = UserObject(user)
        self._show_metrics = show_metrics
        self._forms = ("", "_raw", *(f"_{wire}" for wire in wires))
        self._inspect()

    def _inspect(self) -> None:
        self._annotations = Annotations(self._object, self.identity, show_metrics=self._show_metrics)
        self._plain: dict[Method, Invoke] = {}
        for method, (arguments, keyword) in _ARGUMENTS.items():
            function = self._object.find(method.value)
            if function is not None:
                self._plain[method] = adapt(function, arguments, keyword)
        score = self._object.find("score") if self._scores else None
        self._score = adapt(score, ("X", "features_names")) if score is not None else None
        transforms = {method: partial(self._transform, method) for method in _MAY_BE_ABSENT}
        self._run: Mapping[Method, Callable[[Any], Result]] = {
            **transforms,
            Method.ROUTE: self._route,
            Method.AGGREGATE: self._aggregate,
            Method.SEND_FEEDBACK: self._feedback,
            Method.HEALTH_STATUS: self._health,
        }
        """What calls the user's method with a decoded request."""
        self._found: dict[str, dict[Method, Ways]] = {}

    @property
    def methods(self) -> frozenset[Method]:
        """The calls the class defines a method for, in whatever form."""
        found = {m for m in Method if self._has_one([m.value])}
        if self._score is not None:
            found.add(Method.TRANSFORM_INPUT)
        return frozenset(found)

    @property
    def health_is_fixed(self) -> bool:
        """Whether HEALTH_STATUS runs no user code, so that it need not wait for the component's thread."""
        return Method.HEALTH_STATUS not in self.methods and not self._annotations.asks_user

    @property
    def missing_method(self) -> str | None:
        """The method that the service type calls for and the class does not define, for a warning."""
        wanted = _METHODS_OF[self.service_type]
        if self._has_one(wanted) or (self._scores and self._has_one(["transform_input"])):
            return None
        return " or ".join(wanted)

    @property
    def fitting_types(self) -> list[ServiceType]:
        """The service types whose method the class does define, for the same warning."""
        return [service_type for service_type, wanted in _METHODS_OF.items() if self._has_one(wanted)]

    def _has_one(self, wanted: Sequence[str]) -> bool:
        return any(self._object.find(name + form) for name in wanted for form in self._forms)

    def load(self) -> None:
        """Run the user's ``load()``, if there is one; methods may be set by it.

        Raises:
            ComponentFailed: it raised.
            StartupError: a method that it set needs arguments that nobody passes.
        """
        call_optional(self._object.find("load"))
        self._inspect()

    def metadata(self, from_environment: str = "") -> dict[str, Any]:
        """The component's metadata document; asks ``init_metadata()``.

        Raises:
            SeldonError: BAD_METADATA, or ComponentFailed with whatever ``init_metadata`` raised.
            StartupError: ``from_environment`` is no mapping.
        """
        own = call_optional(self._object.find("init_metadata"))
        return metadata.describe(self.identity.image, own, from_environment)

    def answer(self, call: Call) -> Any:
        """Decode, call the user's method, encode: the codec's wire answer. Blocks meanwhile.

        Raises:
            SeldonError: the client's answer is this error; ComponentFailed when user code raised.
        """
        method, codec = call.method, call.codec
        raw_methods, is_plain = self._ways(method, codec)
        if is_plain:
            return self._answer(call, _read(call))
        parsed = codec.parse(method, call.wire) if method is not Method.HEALTH_STATUS else None
        request = None
        if method is Method.SEND_FEEDBACK:  # read first: a reward counts whatever becomes of the call
            request = codec.decode(method, parsed)
            call.reward = request.reward if isinstance(request, Feedback) else None
        for function, hook in raw_methods:
            try:
                result = _call_raw(function, hook, method, parsed, codec)
            except SeldonNotImplementedError:
                continue
            call.metrics = custom_metrics.checked(custom_metrics.as_list(codec.raw_metrics(result)))
            return codec.encode_raw(method, result, show_metrics=self._show_metrics)
        if request is None and method is not Method.HEALTH_STATUS:
            request = codec.decode(method, parsed)
        if method is Method.TRANSFORM_INPUT and self._scores:
            annotation, call.metrics = self._scored(request)
            return codec.annotate(method, parsed, annotation)
        return self._answer(call, request)

    def _answer(self, call: Call, request: Any) -> Any:
        method = call.method
        result, kind, metas = self._run[method](request)
        response = result if isinstance(result, Response) else None
        payload = pack(response.data if response else result, kind, lambda: self._annotations.names(method))
        meta, call.metrics = self._annotations.meta(method, metas, response)
        return call.codec.encode(method, Message(payload, meta))

    def _transform(self, method: Method, request: Message) -> Result:
        payload: Any = request.payload
        try:
            result = self._invoke(method, payload.value, payload.names, request.given_meta)
        except SeldonNotImplementedError:
            result = payload.value if method in _TRANSFORMS else np.array([])
        return result, payload.kind, (request.meta,)

    def _route(self, request: Message) -> Result:
        payload: Any = request.payload
        branch = self._invoke(Method.ROUTE, payload.value, payload.names, request.given_meta)
        return _branch(branch), payload.kind, (request.meta,)

    def _invoke(self, method: Method, *arguments: Any) -> Any:
        function = self._plain.get(method)
        if function is not None:
            return call_user(function, *arguments)
        if method in _MAY_BE_ABSENT:
            raise SeldonNotImplementedError
        raise SeldonError(
            f"{self._object.class_name} has no method {method.value}", code=ErrorCode.NOT_IMPLEMENTED
        )

    def _aggregate(self, messages: list[Message]) -> Result:
        payloads = [message.payload for message in messages if message.payload is not None]
        values = [payload.value for payload in payloads]
        names = [payload.names for payload in payloads]
        result = self._invoke(Method.AGGREGATE, values, names)
        return result, payloads[0].kind, [message.meta for message in messages]

    def _feedback(self, feedback: Feedback) -> Result:
        request = feedback.request
        payload = request.payload if request is not None else None
        truth = feedback.truth.payload if feedback.truth is not None else None
        routing = feedback.response.meta.routing if feedback.response is not None else {}
        result = None
        if Method.SEND_FEEDBACK in self._plain:
            try:
                result = self._invoke(
                    Method.SEND_FEEDBACK,
                    np.array([]) if payload is None else payload.value,
                    [] if payload is None else payload.names,
                    feedback.reward,
                    np.array([]) if truth is None else truth.value,
                    routing.get(self.identity.unit or "0"),
                )
            except SeldonNotImplementedError:
                result = None
        metas = (request.meta,) if request is not None else ()
        return np.array([]) if result is None else result, payload.kind if payload else None, metas

    def _health(self, _: None) -> Result:
        status: Any = "healthy"
        if Method.HEALTH_STATUS in self._plain:
            with suppress(SeldonNotImplementedError):
                status = self._invoke(Method.HEALTH_STATUS)
        return status, None, ()

    @property
    def _scores(self) -> bool:
        return self.service_type is ServiceType.OUTLIER_DETECTOR

    def _scored(self, request: Any) -> tuple[Message, Sequence[Metric]]:
        """What an outlier detector adds to the request: the scores as a tag."""
        if self._score is None:
            raise SeldonError(
                f"{self._object.class_name} has no method score, which an outlier detector needs",
                code=ErrorCode.NOT_IMPLEMENTED,
            )
        scores = call_user(self._score, request.payload.value, request.payload.names or None)
        if isinstance(scores, np.ndarray) and scores.ndim:
            scores = scores.tolist()
        if not isinstance(scores, list | tuple):
            raise SeldonError(
                f"score returned {type(scores).__name__}, expected one number for each row",
                code=ErrorCode.COMPONENT_FAILED,
            )
        response = Response(None, tags={"outlierScore": list(scores)})
        meta, metrics = self._annotations.meta(Method.TRANSFORM_INPUT, (), response)
        return Message(None, meta), metrics

    def _ways(self, method: Method, codec: Codec) -> Ways:
        """The raw forms of a method for one wire format, in order, and whether no user code gets to see its
        parsed requests."""
        table = self._found.get(codec.name)
        if table is None:
            table = self._found[codec.name] = {m: self._find_ways(m, codec) for m in Method}
        return table[method]

    def _find_ways(self, method: Method, codec: Codec) -> Ways:
        raw_methods = list(self._find_raw(method, codec))
        is_annotated = method is Method.TRANSFORM_INPUT and self._scores
        return raw_methods, not raw_methods and not is_annotated and method not in _ODD

    def _find_raw(self, method: Method, codec: Codec) -> Iterator[RawMethod]:
        for hook in codec.hooks(method):
            function = self._object.find(f"{method.value}_{hook}")
            if function is not None:
                yield function, hook
                break
        function = self._object.find(f"{method.value}_raw")
        if function is not None:
            yield function, None


def _read(call: Call) -> Any:
    method, codec, wire = call.method, call.codec, call.wire
    # of its class: one that wraps another codec and gives on what it lacks has a decode() of its own
    read: Callable[[Codec, Method, Any], Any] | None = getattr(type(codec), "read", None)
    return read(codec, method, wire) if read is not None else codec.decode(method, codec.parse(method, wire))


def _call_raw(
    function: Callable[..., Any], hook: str | None, method: Method, parsed: Any, codec: Codec
) -> Any:
    if method is Method.HEALTH_STATUS:
        return call_user(function)
    if hook is None:
        return call_user(function, codec.raw_argument(method, parsed))
    return call_user(function, codec.hook_argument(method, hook, parsed))


def _branch(result: Any) -> Any:
    """A route's result as the protocol answers it: the branch in a 1 x 1 array."""
    response = result if isinstance(result, Response) else None
    branch = response.data if response else result
    if not isinstance(branch, int | np.integer | np.bool_):
        raise SeldonError(
            f"route returned {type(branch).__name__}, expected the whole number of a branch",
            code=ErrorCode.COMPONENT_FAILED,
        )
    array = np.array([[branch]])
    return Response(array, response.tags, response.metrics) if response else array
