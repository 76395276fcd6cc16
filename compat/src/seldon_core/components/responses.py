"""The response of a method, with tags and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import seldon_runtime


class SeldonResponse(seldon_runtime.Response):
    """A result with tags and metrics of one call: ``SeldonResponse(data, tags, metrics)``.

    It is mutable, like that of the wrapper, and has a dict and a list of its own.
    """

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__

    def __init__(
        self,
        data: Any = None,
        tags: Mapping[str, Any] | None = None,
        metrics: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        own_tags = {} if tags is None else tags
        super().__init__(data, own_tags, [] if metrics is None else metrics, headers)

    @classmethod
    def create(cls, data: Any) -> SeldonResponse:
        """Return ``data`` as a response; itself if it is one."""
        if isinstance(data, SeldonResponse):
            return data
        if isinstance(data, seldon_runtime.Response):
            return cls(data.data, data.tags, data.metrics, data.headers)
        return cls(data)
