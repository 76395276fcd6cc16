"""The optional base class of components, and what their methods may return or raise."""

from __future__ import annotations

from typing import Any

from seldon_runtime import Component, Response, SeldonNotImplementedError

__all__ = ["SeldonComponent", "SeldonNotImplementedError", "SeldonResponse"]


class SeldonComponent(Component):
    """Every method that a component may define; those that are not overridden count as not there.

    Its constructor takes any keyword and ignores it, so that a class without one accepts all parameters.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()


class SeldonResponse(Response):
    """A result with tags and metrics of this one call: ``SeldonResponse(data, tags, metrics)``.

    As the one of the wrapper, it can be changed after it was made.
    """

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__
