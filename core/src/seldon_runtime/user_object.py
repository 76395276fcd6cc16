"""The user's object, and the boundary at which its exceptions are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seldon_runtime.errors import ComponentFailed, SeldonError, SeldonNotImplementedError
from seldon_runtime.user import Component as BaseComponent


class UserObject:
    """Finds the methods of an instance of the user's class, and calls them.

    Attributes inherited from the optional base class count as absent.
    """

    def __init__(self, instance: object) -> None:
        self.instance = instance

    @property
    def class_name(self) -> str:
        """For messages."""
        return type(self.instance).__name__

    def attribute(self, name: str) -> Any:
        """A method or any other value; None when absent."""
        value = getattr(self.instance, name, None)
        inherited = getattr(BaseComponent, name, None)
        if inherited is not None and getattr(value, "__func__", None) is inherited:
            return None
        return value

    def find(self, name: str) -> Callable[..., Any] | None:
        """A method; None when it is absent or cannot be called."""
        value = self.attribute(name)
        return value if callable(value) else None


def call_user(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run user code.

    Raises:
        SeldonError: as the user raised it; ComponentFailed for every other exception,
            SystemExit too, which must not end the process.
    """
    try:
        return function(*arguments)
    except SeldonError:
        raise
    except BaseException as error:
        raise ComponentFailed(getattr(function, "__qualname__", repr(function)), error) from error


def call_optional(function: Callable[[], Any] | None) -> Any:
    """The result of a method that may be absent or say so; None then."""
    if function is None:
        return None
    try:
        return call_user(function)
    except SeldonNotImplementedError:
        return None
