"""Methods that a class seems to define, and that the runtime cannot find: hidden, private, or not methods."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from functools import cached_property
from types import FunctionType
from typing import Any

from seldon_runtime.component.user_api import Component as BaseComponent
from seldon_runtime.component.user_api import NamedMethod
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.errors import StartupError

_ABSENT = object()


def refuse_covered_names(user: UserObject) -> None:
    """Refuse ``@method`` below another decorator, where Python does not tell it the class.

    Raises:
        StartupError: a method of the class is such a one.
    """
    for cls in type(user.instance).__mro__:
        for name, value in vars(cls).items():
            named = _innermost(value)
            if isinstance(named, NamedMethod):
                raise StartupError(
                    f'{cls.__name__}.{name}: @method("{named.names[0]}") has no effect below another '
                    f"decorator ({type(value).__name__}). Write it above all others"
                )


def _innermost(value: Any) -> Any:
    """Return the object that decorators of the standard library, and ``functools.wraps``, wrap."""
    while True:
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, cached_property):
            value = value.func
        elif isinstance(value, FunctionType) and "__wrapped__" in vars(value):
            value = vars(value)["__wrapped__"]
        else:
            return value


def hidden_methods(user: UserObject, names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each method of a base class that the runtime's own base class hides."""
    cls = type(user.instance)
    if BaseComponent not in cls.__mro__:
        return
    later = cls.__mro__[cls.__mro__.index(BaseComponent) + 1 : -1]
    for base in later:
        for name in vars(base):
            if name in names and inspect.getattr_static(cls, name) is vars(BaseComponent).get(name):
                yield (
                    f"{cls.__name__}.{name} is the empty one of {BaseComponent.__name__}, which hides "
                    f"{base.__name__}.{name}. Write {BaseComponent.__name__} as the last base class"
                )


def values_for_methods(user: UserObject, names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each attribute that has the name of a method, but cannot be called."""
    for name in sorted(names):
        value = inspect.getattr_static(user.instance, name, _ABSENT)
        if value is _ABSENT or value is vars(BaseComponent).get(name, _ABSENT):
            continue
        if user.find(name) is None:
            value = user.attribute(name)
            kind = "None" if value is None else type(value).__name__
            yield f"{user.class_name}.{name} is {kind}, expected a method"


def private_methods(user: UserObject) -> Iterator[tuple[str, str]]:
    """Yield the name of each method that starts with ``_``, and the name without underscores.

    ``__call__`` is one of them, for ``predict``. Other methods of Python, such as ``__len__``, are not.
    """
    for cls in type(user.instance).__mro__:
        if cls in BaseComponent.__mro__:
            continue
        for name, value in vars(cls).items():
            if not name.startswith("_") or not _is_method(value):
                continue
            if name == "__call__":
                yield name, "predict"
            elif not name.endswith("__"):
                unmangled = name.removeprefix(f"_{cls.__name__.lstrip('_')}__")
                yield f"__{unmangled}" if unmangled != name else name, unmangled.strip("_")


def _is_method(value: object) -> bool:
    return inspect.isfunction(value) or isinstance(value, staticmethod | classmethod)
