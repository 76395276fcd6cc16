"""The names and meta of an answer: column names, tags, request path and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from seldon_runtime.component import custom_metrics
from seldon_runtime.component.result import Names, pack, plain
from seldon_runtime.component.user_api import Response
from seldon_runtime.component.user_object import UserObject, call_optional, call_user, is_inherited
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.message import NO_META, Message, Meta, Metric
from seldon_runtime.inference.method import Method

_KEEPS_META = frozenset({Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.AGGREGATE})
_OF_FEATURES = frozenset({Method.TRANSFORM_INPUT})
_ONLY_TEXT = frozenset({str})
_NAMES = ("feature_names", "class_names")
_NO_TAGS: Mapping[str, Any] = {}


class ResponseMeta:
    """The names, tags and metrics of the user's object, merged with the request's.

    Args:
        user: the object with ``tags``, ``metrics``, ``class_names`` and ``feature_names``.
        identity: the source of the request path.
        show_metrics: True to show the component's own metrics in answers.
    """

    def __init__(self, user: UserObject, identity: Identity, *, show_metrics: bool) -> None:
        self._user = user
        self._show_metrics = show_metrics
        self._request_path = identity.request_path
        self._tags = _source(user, "tags", Mapping)
        self._metrics = _source(user, "metrics", (list, tuple))
        self._helpers = frozenset(
            name for name in _NAMES if user.has_method(name) and user.find_without_arguments(name) is None
        )
        self.asks_user = self._tags is not None or self._metrics is not None
        """True if making a meta calls user code, or reads an attribute of the object."""
        self._names: dict[Method, Names] = {}
        self._alone = Meta(request_path=self._request_path) if self._request_path else NO_META
        """The meta of an answer without anything from requests or user code."""

    def beside(self, request: Meta) -> Meta:
        """Return the meta of the answer to one request, of a component that adds nothing but its path."""
        if request is NO_META:
            return self._alone
        path = {**self._request_path, **request.request_path}
        return Meta(request.puid, dict(request.tags), {}, path, list(request.metrics))

    def names(self, method: Method) -> Names:
        """Return the function that returns the columns' names, or None if the object has no names.

        They come from ``class_names`` (for TRANSFORM_INPUT first ``feature_names``), a method or another
        attribute. The function raises SeldonError (COMPONENT_FAILED) when they are not a sequence of names.
        """
        known = self._names.get(method)
        if known is None:
            known = self._names[method] = self._names_of(method)
        return known

    def _names_of(self, method: Method) -> Names:
        user, helpers = self._user, self._helpers
        instance = user.instance
        attributes = _NAMES if method in _OF_FEATURES else _NAMES[1:]

        def names() -> Sequence[Any] | None:
            for name in attributes:
                try:
                    own = getattr(instance, name, None)
                except BaseException as error:
                    raise user.unreadable(name, error) from error
                if (
                    own is not None
                    and not is_inherited(name, own)
                    and not (name in helpers and callable(own))
                ):
                    return _listed(own)
            return None

        return names

    def meta(
        self, method: Method, requests: Sequence[Meta], response: Response | None
    ) -> tuple[Meta, Sequence[Metric]]:
        """Return the answer's meta, and the metrics to count.

        The response's tags override those of ``tags()``, which override the requests'. Metrics are
        joined; the requests' metrics are shown but not counted again. ROUTE and SEND_FEEDBACK keep only
        the request's puid.

        Raises:
            SeldonError: BAD_METRIC; COMPONENT_FAILED when the tags are not a dict.
        """
        if response is None and not self.asks_user:
            for request in requests:  # faster than all() with a generator
                if request is not NO_META:
                    break
            else:
                return self._alone, ()
            if len(requests) == 1 and method in _KEEPS_META:
                return self.beside(requests[0]), ()
        tags: dict[str, Any] = {}
        path = dict(self._request_path)
        metrics: list[Mapping[str, Any]] = []
        for request in requests if method in _KEEPS_META else ():
            tags.update(request.tags)
            path.update(request.request_path)
            metrics.extend(request.metrics)
        tags.update(_checked_tags(call_optional(self._tags), "tags()"))
        own = list(custom_metrics.as_list(call_optional(self._metrics)))
        if response is not None:
            own.extend(custom_metrics.as_list(response.metrics))
            tags.update(_checked_tags(response.tags, "Response.tags"))
        counted = custom_metrics.checked(own)
        if self._show_metrics:
            metrics.extend(custom_metrics.shown(own, method))
        puid = requests[0].puid if requests else ""
        return Meta(puid=puid, tags=tags, request_path=path, metrics=metrics), counted


def _listed(names: Any) -> Sequence[Any] | None:
    """Return the names that an attribute holds, or that a method returns."""
    if callable(names):
        names = call_optional(names)
    if names is None:
        return None
    if isinstance(names, str):
        raise SeldonError(
            f"the component's column names are the text {names!r:.80}, expected a list",
            code=ErrorCode.COMPONENT_FAILED,
        )
    if not isinstance(names, list | tuple):
        names = call_user(list, names)
    listed: Sequence[Any] = names if _ONLY_TEXT.issuperset(map(type, names)) else plain(list(names))
    return listed


def _source(user: UserObject, name: str, kinds: type | tuple[type, ...]) -> Callable[[], Any] | None:
    """Return the method of this name, or a function that reads the attribute; None for anything else."""
    value = user.attribute(name)
    if callable(value):
        return user.find_without_arguments(name)
    return partial(user.attribute, name) if isinstance(value, kinds) else None


def _checked_tags(tags: object, where: str) -> Mapping[str, Any]:
    if tags is None:
        return _NO_TAGS
    if type(tags) is not dict and not isinstance(tags, Mapping):
        raise SeldonError(
            f"{where} is {type(tags).__name__}, expected a dict", code=ErrorCode.COMPONENT_FAILED
        )
    written: Mapping[str, Any] = plain(tags)
    return written


def answer_of(user: object, request: Message, result: object, identity: Identity) -> Message:
    """Return the answer for a ``result`` of the user's ``predict``, with names, tags and metrics.

    For code that answers in place of ``predict``, such as a raw method. Runs user code, such as ``tags``.

    Raises:
        SeldonError: ``result`` has an unsupported type, or user code raised.
    """
    response_meta = ResponseMeta(UserObject(user), identity, show_metrics=True)
    response = result if isinstance(result, Response) else None
    payload = pack(
        response.data if response else result,
        None if request.payload is None else request.payload.kind,
        response_meta.names(Method.PREDICT),
    )
    meta, metrics = response_meta.meta(Method.PREDICT, [request.meta], response)
    return Message(payload, meta, None, metrics)
