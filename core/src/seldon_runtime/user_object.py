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
        """A method or any other value; None when absent.

        Raises:
            ComponentFailed: it is a property, or the like, that raised.
        """
        try:
            value = getattr(self.instance, name, None)
        except BaseException as error:
            raise ComponentFailed(f"{self.class_name}.{name}", error) from error
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
        raise ComponentFailed(name_of(function), error) from error


def name_of(function: object) -> str:
    """For messages. Never asks the user's ``__repr__``."""
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def call_optional(function: Callable[[], Any] | None) -> Any:
    """The result of a method that may be absent or say so; None then."""
    if function is None:
        return None
    try:
        return call_user(function)
    except SeldonNotImplementedError:
        return None
