"""The class or object that serves a component of any form: a class, a function or an object."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any

from seldon_runtime.component.inspection.defined_methods import CALLS, FURTHER
from seldon_runtime.errors import StartupError

_METHODS = CALLS | FURTHER


def served_class(found: object) -> type | None:
    """Return a class as it is, and for a function a class with the function as ``predict``; else None.

    Bound methods, builtin functions and ``functools.partial`` are functions, too.
    """
    if isinstance(found, type):
        return found
    if inspect.isroutine(found) or isinstance(found, partial):
        return _class_of(found)
    return None


def served(component: object) -> object:
    """Return the class that serves a class or a function; an object with methods as it is.

    An object without methods that the runtime calls, but with ``__call__``, counts as a function.

    Raises:
        StartupError: the component is neither, such as None, a number or a module.
    """
    cls = served_class(component)
    if cls is not None:
        return cls
    if not isinstance(component, ModuleType):
        if any(_has(component, name) for name in _METHODS):
            return component
        if callable(component):
            return _class_of(component)
    kind = "None" if component is None else f"an object of the type {type(component).__name__}"
    raise StartupError(
        f"the component is {kind}, expected a class, a function, or an object with a method that "
        "the runtime calls, such as predict"
    )


def _class_of(function: Callable[..., Any]) -> type:
    named: Any = function
    while isinstance(named, partial):
        named = named.func
    name = getattr(named, "__name__", None)
    members = {
        "predict": staticmethod(function),
        "__module__": getattr(named, "__module__", None) or type(named).__module__,
        "__doc__": named.__doc__,
    }
    return type(name if isinstance(name, str) else type(named).__name__, (), members)


def _has(component: object, name: str) -> bool:
    """Return whether an object has an attribute. Runs no user code but ``__getattr__``."""
    if inspect.getattr_static(component, name, None) is not None:
        return True
    if inspect.getattr_static(type(component), "__getattr__", None) is None:
        return False
    with suppress(Exception):
        return getattr(component, name) is not None
    return False
