"""The user's object, and the boundary that catches its exceptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from seldon_runtime.component.calls.unfinished import refuse_unfinished
from seldon_runtime.component.signature import fits_without_arguments, name_of
from seldon_runtime.component.user_api import Alias
from seldon_runtime.component.user_api import Component as BaseComponent
from seldon_runtime.errors import ComponentFailed, SeldonError, SeldonNotImplementedError
from seldon_runtime.tracebacks import hide_frames


class UserObject:
    """An instance of the user's class with its methods.

    Attributes inherited from the optional base class count as absent.
    """

    def __init__(self, instance: object) -> None:
        self.instance = instance
        self._helpers: dict[str, str] = {}

    @property
    def misfits(self) -> list[str]:
        """The reasons why functions with the names of optional methods are not called."""
        return list(self._helpers.values())

    @property
    def class_name(self) -> str:
        """The class's name, for messages."""
        return type(self.instance).__name__

    def attribute(self, name: str) -> Any:
        """Return an attribute of the object; None when absent.

        Raises:
            ComponentFailed: the attribute is a property, or the like, that raised.
        """
        try:
            value = getattr(self.instance, name, None)
        except BaseException as error:
            raise self.unreadable(name, error) from error
        return None if value is None or is_inherited(name, value) else value

    def unreadable(self, name: str, error: BaseException) -> ComponentFailed:
        """Return the error for an attribute that raised."""
        return ComponentFailed(f"{self.class_name}.{name}", hide_frames(error))

    def find(self, name: str) -> Callable[..., Any] | None:
        """Return a method; None when it is absent or not callable."""
        value = self.attribute(name)
        return value if callable(value) else None

    def find_any(self, names: Sequence[str]) -> Callable[..., Any] | None:
        """Return the first of the methods that the object has; None when it has none of them."""
        return next((function for name in names if (function := self.find(name))), None)

    def has_any(self, names: Sequence[str], forms: Sequence[str]) -> bool:
        """Return whether the object has one of the methods, in one of the forms, which are suffixes."""
        return any(self.find(name + form) for name in names for form in forms)

    def has_method(self, name: str) -> bool:
        """Return whether the class defines a method of this name. Runs no user code, such as a property."""
        defined = inspect.getattr_static(type(self.instance), name, None)
        if isinstance(defined, Alias):
            defined = inspect.getattr_static(type(self.instance), defined.own_name, None)
        return isinstance(defined, FunctionType | staticmethod | classmethod)

    def find_without_arguments(self, name: str) -> Callable[..., Any] | None:
        """Return a method that is called without arguments; None when it is absent.

        A function that needs arguments is a helper of the class that happens to have the name: it counts as
        absent, and :attr:`misfits` says so.
        """
        function = self.find(name)
        if function is None or fits_without_arguments(function):
            return function
        self._helpers[name] = (
            f"{name_of(function)} is not called, because it needs arguments, and the runtime calls a method "
            f"{name} without any"
        )
        return None


def is_inherited(name: str, value: object) -> bool:
    """Return whether the value of an attribute is of the optional base class, and so counts as absent."""
    inherited = getattr(BaseComponent, name, None)
    return inherited is not None and getattr(value, "__func__", None) is inherited


def call_user(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run user code and return its result, such as the coroutine of an async method.

    Raises:
        SeldonError: raised by user code; ComponentFailed for every other exception, SystemExit too, which
            must not end the process.
    """
    try:
        return function(*arguments)
    except SeldonError:
        raise
    except BaseException as error:
        raise ComponentFailed(name_of(function), hide_frames(error)) from error


def call_optional(function: Callable[[], Any] | None) -> Any:
    """Return the result of an optional method; None when it is absent or not implemented."""
    if function is None:
        return None
    try:
        return refuse_unfinished(function, call_user(function))
    except SeldonNotImplementedError:
        return None
