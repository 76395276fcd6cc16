"""What goes beside a result: column names, tags, request path and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime import custom_metrics
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.identity import Identity
from seldon_runtime.message import NO_META, Meta, Method, Metric
from seldon_runtime.user import Response
from seldon_runtime.user_object import UserObject, call_optional, call_user

_KEEPS_META = frozenset({Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.AGGREGATE})
_OF_FEATURES = frozenset({Method.TRANSFORM_INPUT})
_NO_TAGS: Mapping[str, Any] = {}


class Annotations:
    """Asks the user's object for names, tags and metrics, and merges them with the request's.

    Args:
        user: whose ``tags``, ``metrics``, ``class_names`` and ``feature_names`` are asked.
        identity: gives the request path.
        show_metrics: whether answers show the component's own metrics.
    """

    def __init__(self, user: UserObject, identity: Identity, *, show_metrics: bool) -> None:
        self._user = user
        self._show_metrics = show_metrics
        self._request_path = identity.request_path
        self._tags = user.find("tags")
        self._metrics = user.find("metrics")
        self.asks_user = self._tags is not None or self._metrics is not None
        """Whether a meta takes a call of user code."""
        self._silent = not self.asks_user and not self._request_path

    def names(self, method: Method) -> Sequence[Any] | None:
        """The columns' names: ``class_names`` (for TRANSFORM_INPUT first ``feature_names``), a method or any
        other attribute; None when there are none.

        Raises:
            SeldonError: COMPONENT_FAILED when they are no sequence of names.
        """
        names = self._user.attribute("feature_names") if method in _OF_FEATURES else None
        if names is None:
            names = self._user.attribute("class_names")
        if callable(names):
            names = call_optional(names)
        if names is None or isinstance(names, list | tuple):
            return names
        if isinstance(names, str):
            raise SeldonError(
                f"the component's column names are the text {names!r:.80}, expected a list",
                code=ErrorCode.COMPONENT_FAILED,
            )
        listed: list[Any] = call_user(list, names)
        return listed

    def meta(
        self, method: Method, requests: Sequence[Meta], response: Response | None
    ) -> tuple[Meta, Sequence[Metric]]:
        """The answer's meta, and the metrics to count.

        Later tags win: the requests', then ``tags()``, then the response's. Metrics are
        joined; the requests' are shown but not counted again. ROUTE and SEND_FEEDBACK
        keep only the request's puid.

        Raises:
            SeldonError: BAD_METRIC, or COMPONENT_FAILED when the tags are no dict.
        """
        if self._silent and response is None:
            for request in requests:  # quicker than all() and a generator
                if request is not NO_META:
                    break
            else:
                return NO_META, ()
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


def _checked_tags(tags: object, where: str) -> Mapping[str, Any]:
    if tags is None:
        return _NO_TAGS
    if type(tags) is not dict and not isinstance(tags, Mapping):
        raise SeldonError(
            f"{where} is {type(tags).__name__}, expected a dict", code=ErrorCode.COMPONENT_FAILED
        )
    return tags
