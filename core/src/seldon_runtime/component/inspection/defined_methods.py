"""The check of a class's methods at the start: their names, and the kinds of functions."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from seldon_runtime.component.calls.unfinished import STREAMED, is_async, is_generator, needs_loop
from seldon_runtime.component.inspection import lost_methods
from seldon_runtime.component.user_api import Component as BaseComponent
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.errors import StartupError, closest
from seldon_runtime.inference.method import USER_METHODS, Method

logger = logging.getLogger(__name__)

_PLAIN = (*(method.value for method in USER_METHODS), "score", "infer")
_FORMS = ("_raw", "_rest", "_grpc")
CALLS = frozenset({*_PLAIN, *(f"{name}{form}" for name in _PLAIN for form in _FORMS)})
"""The methods that answer a call."""
FURTHER = frozenset({"load", "tags", "metrics", "class_names", "feature_names", "init_metadata"})
"""The methods beside them."""
_MAY_STREAM = frozenset({*(method.value for method in STREAMED), "infer"})
_MAY_BE_ASYNC = CALLS | {"load"}
_UNUSED = frozenset({"metadata"})
"""The methods of the base class of the Seldon v1 wrapper that the runtime does not call."""
_COLUMN_NAMES = frozenset({"class_names", "feature_names"})
"""The methods that are attributes in most classes."""
_ATTRIBUTES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "tags": ((Mapping,), "a dict"),
    "metrics": ((list, tuple), "a list of metrics"),
}
"""The methods that may be attributes, with their types."""
_SIMILAR = 0.85
"""The least similarity of a name to that of a method for a warning: ``predict_proba`` is not ``predict``."""
_MOST_NAMES_SHOWN = 5
_START_NEVERTHELESS = "SELDON_STRICT_METHODS=0 starts it nevertheless"


def refuse_unsupported(user: UserObject) -> None:
    """Refuse functions of kinds that the runtime does not call.

    Raises:
        StartupError: a method that has one answer, such as ``route``, is a generator function, or a method
            such as ``tags``, whose result the answer needs at once, is a coroutine function; or ``@method``
            stands below another decorator.
    """
    lost_methods.refuse_covered_names(user)
    for name, function in _methods(user, CALLS | FURTHER):
        if name not in _MAY_STREAM and is_generator(function):
            raise StartupError(
                f"{user.class_name}.{name} is a generator (its body has yield), expected a method that "
                f"returns its result. Generators may be {', '.join(sorted(_MAY_STREAM))}"
            )
        if name not in _MAY_BE_ASYNC and is_async(function):
            raise StartupError(
                f"{user.class_name}.{name} is an async method, expected a plain one: the answer needs its "
                "result at once. Define it with def"
            )


def has_async(user: UserObject) -> bool:
    """Return whether ``load``, or a method that answers calls, is a coroutine function or async generator."""
    return any(needs_loop(function) for _, function in _methods(user, _MAY_BE_ASYNC))


def streamed_methods(user: UserObject) -> frozenset[Method]:
    """Return the methods that are generator functions. If the class defines ``infer``, it is PREDICT."""
    found = {name: is_generator(function) for name, function in _methods(user, _MAY_STREAM)}
    if "infer" in found:
        found[Method.PREDICT.value] = found["infer"]
    return frozenset(method for method in STREAMED if found.get(method.value, False))


def _methods(user: UserObject, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for name in sorted(names):
        if name in _COLUMN_NAMES and _is_computed(user, name):
            continue  # it may need load() before it can be read
        function = user.find(name)
        if function is not None:
            yield name, function


def check_names(user: UserObject) -> None:
    """Check the names of the user's methods, after ``load()``, which may set some.

    The function warns of a public method whose name is close to that of a method which the class lacks, of
    a method that the optional base class hides, and of an attribute in place of a method, such as ``tags`` of
    a wrong type.

    Raises:
        StartupError: the class defines none of the methods that answer calls, but public methods, or
            something that seems to be meant for one of them: ``__call__``, ``_predict``, ``predict = 5``.
    """
    own = sorted(set(_public_methods(user)) - CALLS - FURTHER - _UNUSED)
    if not any(user.find(name) for name in CALLS):
        _refuse_lost(user)
        if own:
            raise StartupError(_nothing_to_call(user, own, _near(own)))
    for lost in lost_methods.hidden_methods(user, CALLS | FURTHER):
        logger.warning("%s", lost)
    if own:
        _warn_of_similar(user, own)
    for name, (kinds, expected) in _ATTRIBUTES.items():
        value = user.attribute(name)
        if value is not None and not callable(value) and not isinstance(value, kinds):
            logger.warning(
                "%s.%s is %s, expected a method or %s: it is ignored",
                user.class_name,
                name,
                type(value).__name__,
                expected,
            )


def _refuse_lost(user: UserObject) -> None:
    """Raise StartupError if the class seems to define a method that answers calls, but does not."""
    from difflib import get_close_matches  # few classes come here

    for lost in (lost_methods.hidden_methods, lost_methods.values_for_methods):
        for sentence in lost(user, CALLS):
            raise StartupError(f"{sentence}. {_START_NEVERTHELESS}")
    for name, meant in lost_methods.private_methods(user):
        near = get_close_matches(meant.lower(), sorted(CALLS), n=1, cutoff=_SIMILAR)
        if near:
            raise StartupError(_nothing_to_call(user, [name], near))


def _near(names: list[str]) -> list[str]:
    return [match for name in names for match in closest(name.lower(), _PLAIN)]


def _warn_of_similar(user: UserObject, own: list[str]) -> None:
    from difflib import get_close_matches  # many classes have no methods of their own

    missing = _missing(user)
    for name in own:
        near = get_close_matches(name.lower(), missing, n=1, cutoff=_SIMILAR)
        if near:
            logger.warning(
                "%s has a method %s, which is never called. Did you mean %s?", user.class_name, name, near[0]
            )


def _is_computed(user: UserObject, name: str) -> bool:
    """Return whether reading an attribute runs user code, such as a property or ``__getattr__``."""
    defined = inspect.getattr_static(user.instance, name, None)
    return defined is None or isinstance(defined, property | cached_property)


def _public_methods(user: UserObject) -> Iterator[str]:
    """Yield the names of the methods that the class and its bases define, but for the runtime's own base."""
    for cls in type(user.instance).__mro__:
        if cls not in BaseComponent.__mro__:
            for name, value in vars(cls).items():
                if not name.startswith("_") and (
                    inspect.isfunction(value) or isinstance(value, staticmethod | classmethod)
                ):
                    yield name


def _missing(user: UserObject) -> list[str]:
    """Return the names of the methods that the class lacks; not raw forms of a method that it has."""
    missing = [name for name in (*_PLAIN, *FURTHER) if user.attribute(name) is None]
    raw = [f"{name}{form}" for name in _PLAIN if name in missing for form in _FORMS]
    return sorted([*missing, *(name for name in raw if user.find(name) is None)])


def _nothing_to_call(user: UserObject, own: list[str], near: list[str]) -> str:
    shown = ", ".join(own[:_MOST_NAMES_SHOWN]) + (" and others" if len(own) > _MOST_NAMES_SHOWN else "")
    hint = f". Did you mean {near[0]}?" if near else f"; known: {', '.join(_PLAIN)}."
    return (
        f"{user.class_name} defines {shown}, but none of the methods that the runtime calls{hint} "
        f"{_START_NEVERTHELESS}"
    )
