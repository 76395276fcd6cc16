"""What a user's class may import: an optional base class and :class:`Response`.

No base class is needed. :class:`Component` only documents the methods, and gives
editors and type checkers their signatures; a method that is not overridden counts
as not defined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_runtime.errors import SeldonNotImplementedError


@dataclass(frozen=True, slots=True)
class Response:
    """A result with tags and metrics for this one call.

    Args:
        data: what the method would return without a ``Response``.
        tags: merged over the request's tags and over ``tags()``.
        metrics: appended to those of ``metrics()``; each is
            ``{"type": "COUNTER" | "GAUGE" | "TIMER", "key": str, "value": number, "tags": {str: str}}``.
    """

    data: Any
    tags: Mapping[str, Any] | None = None
    metrics: Sequence[Mapping[str, Any]] | None = None


class Component:
    """Optional base class: every method a component may define.

    All of them, and the constructor, run in one thread unless ``--threads`` says
    otherwise. ``X`` is a NumPy array for ``data``, ``str``, ``bytes``, or a JSON
    value; ``features_names`` are the request's names, ``[]`` when there are none.
    Arguments may be left out from the right, except that ``meta`` and ``routing``
    are passed by keyword, and only to methods that take them.
    """

    def load(self) -> None:
        """Called once after the constructor, before the first request."""
        raise SeldonNotImplementedError

    def predict(self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None) -> Any:
        """Return an array or list (``data``), ``str``, ``bytes``, ``dict`` or :class:`Response`."""
        raise SeldonNotImplementedError

    def transform_input(
        self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None
    ) -> Any:
        """Change a request on its way to a model."""
        raise SeldonNotImplementedError

    def transform_output(
        self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None
    ) -> Any:
        """Change an answer on its way back."""
        raise SeldonNotImplementedError

    def route(self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None) -> Any:
        """Return the number of the child to ask (an ``int``; -1 for all)."""
        raise SeldonNotImplementedError

    def aggregate(self, features_list: Sequence[Any], names_list: Sequence[Sequence[str]]) -> Any:
        """Combine the answers of several children into one."""
        raise SeldonNotImplementedError

    def score(self, X: Any, features_names: Sequence[str] | None) -> Any:
        """Outlier detectors: one score a row; the answer is the request with ``meta.tags.outlierScore``."""
        raise SeldonNotImplementedError

    def send_feedback(
        self,
        features: Any,
        features_names: Sequence[str],
        reward: float,
        truth: Any,
        routing: int | None = None,
    ) -> Any:
        """Learn from a reward. ``features`` and ``truth`` are empty arrays when absent."""
        raise SeldonNotImplementedError

    def class_names(self) -> Sequence[str]:
        """Names of the answer's columns, used when it has two or more dimensions. May be an attribute."""
        raise SeldonNotImplementedError

    def feature_names(self) -> Sequence[str]:
        """Names of the columns that ``transform_input`` returns, if they differ from ``class_names``."""
        raise SeldonNotImplementedError

    def tags(self) -> Mapping[str, Any]:
        """Tags added to every answer."""
        raise SeldonNotImplementedError

    def metrics(self) -> Sequence[Mapping[str, Any]]:
        """Metrics of the call that has just run."""
        raise SeldonNotImplementedError

    def health_status(self) -> Any:
        """Return what ``/health/status`` answers; raise when not healthy."""
        raise SeldonNotImplementedError

    def init_metadata(self) -> Mapping[str, Any]:
        """Called once at start: name, versions, platform, inputs, outputs, custom."""
        raise SeldonNotImplementedError
