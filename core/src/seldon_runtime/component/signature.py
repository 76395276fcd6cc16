"""The signatures of user methods, inspected once, at the load.

The runtime never calls a method to probe its signature: a ``TypeError`` may come from inside.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection
from functools import partial, wraps
from inspect import Parameter
from types import FunctionType, MethodType
from typing import Any

from seldon_runtime.errors import ErrorCode, SeldonError, StartupError
from seldon_runtime.inference.method import Method

if sys.version_info >= (3, 14):  # annotations are not evaluated: they may name anything
    from annotationlib import Format

    _own_signature = partial(inspect.signature, follow_wrapped=False, annotation_format=Format.FORWARDREF)
else:
    _own_signature = partial(inspect.signature, follow_wrapped=False)

Invoke = Callable[..., Any]
"""Function ``invoke(*positional, keyword_value)`` that drops the arguments the method does not take."""

ARGUMENTS: dict[Method, tuple[tuple[str, ...], str | None]] = {
    Method.PREDICT: (("X", "features_names"), "meta"),
    Method.TRANSFORM_INPUT: (("X", "features_names"), "meta"),
    Method.TRANSFORM_OUTPUT: (("X", "features_names"), "meta"),
    Method.ROUTE: (("X", "features_names"), "meta"),
    Method.AGGREGATE: (("features_list", "names_list"), "metas"),
    Method.SEND_FEEDBACK: (("features", "features_names", "reward", "truth"), "routing"),
    Method.HEALTH_STATUS: ((), None),
}
"""The positional arguments of each method, and the argument that it receives by keyword."""

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature by which a function is called, also behind ``functools.wraps``.

    A wrapper that takes ``*args`` and ``**kwargs`` passes on what it receives. Any other wrapper must be
    called by its own signature, whatever it shows.

    Raises:
        TypeError: ``function`` cannot be called.
        ValueError: it has no signature, like some builtins.
    """
    if not hasattr(function, "__wrapped__"):
        return _own_signature(function)
    plain = getattr(function, "__func__", function)
    deciding = inspect.unwrap(plain, stop=lambda wrapper: not _passes_on(wrapper))
    if isinstance(function, MethodType):
        deciding = MethodType(deciding, function.__self__)
    return _own_signature(deciding)


def _passes_on(function: Callable[..., Any]) -> bool:
    try:
        kinds = {parameter.kind for parameter in _own_signature(function).parameters.values()}
    except (TypeError, ValueError):  # such as functools.lru_cache
        return True
    return {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD} <= kinds


def adapt(function: Callable[..., Any], positional: tuple[str, ...], keyword: str | None = None) -> Invoke:
    """Wrap a bound user method so that it takes ``positional`` and the value of ``keyword``.

    The method may take fewer positional arguments (the last ones are dropped), and may lack the
    keyword. A parameter with the keyword's name is filled by keyword only; parameters after it are filled by
    their names, as in ``send_feedback(features, names, routing, reward, truth)``, or in their order.

    Raises:
        StartupError: the method needs arguments that the runtime never passes, or lacks ``self``.
    """
    by_name: dict[str, int] = {}
    _refuse_without_self(function, positional)
    try:
        parameters = list(signature_of(function).parameters.values())
    except (TypeError, ValueError):  # a builtin without a signature receives the protocol's arguments
        taken, by_keyword = len(positional), False
    else:
        by_keyword = keyword is not None and _takes_keyword(parameters, keyword)
        taken = _positional_count(parameters, positional, keyword)
        by_name = _named(parameters, taken, positional, keyword, _given(function))
        filled = {*by_name, *([keyword] if by_keyword and keyword is not None else [])}
        _refuse_unfillable(function, parameters, taken, positional, filled)
        if by_keyword and _comes_next(parameters, len(positional), keyword) and not _is_wrapper(function):
            return function
    if by_keyword and keyword is not None:
        by_name[keyword] = len(positional)
    return _invoker(function, taken, len(positional) + (keyword is not None), by_name)


def name_of(function: object) -> str:
    """Return a function's name for messages, without calling the user's ``__repr__``."""
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def failing(reason: str) -> Invoke:
    """Return a function for a method that cannot be called; it raises SeldonError (COMPONENT_FAILED)."""

    def fail(*arguments: Any) -> Any:
        raise SeldonError(reason, code=ErrorCode.COMPONENT_FAILED)

    return fail


def fits_without_arguments(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called without arguments, as far as its signature tells."""
    try:
        parameters = signature_of(function).parameters.values()
    except (TypeError, ValueError):
        return True
    variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return all(p.default is not Parameter.empty or p.kind in variable for p in parameters)


def _positional_count(parameters: list[Parameter], positional: tuple[str, ...], keyword: str | None) -> int:
    """Return the number of positional arguments; arguments after the keyword's parameter do not count."""
    names = [p.name for p in parameters if p.kind in _POSITIONAL]
    if keyword in names:
        return min(len(positional), names.index(keyword))
    if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        return len(positional)
    return min(len(positional), len(names))


def _given(function: Callable[..., Any]) -> Collection[str]:
    """Return the names of the arguments that a ``functools.partial`` has already."""
    return function.keywords if isinstance(function, partial) else ()


def _named(
    parameters: list[Parameter],
    taken: int,
    positional: tuple[str, ...],
    keyword: str | None,
    given: Collection[str],
) -> dict[str, int]:
    """Return the index of the argument for each parameter that is filled by its name; not those ``given``."""
    behind = [p for p in parameters if p.kind in _POSITIONAL][taken:]
    behind = [p for p in behind if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    behind += [p for p in parameters if p.kind is Parameter.KEYWORD_ONLY and p.name not in given]
    left = list(positional[taken:])
    found = {p.name: positional.index(p.name) for p in behind if p.name in left}
    left = [name for name in left if name not in found]
    needed = [p.name for p in behind if p.default is Parameter.empty and p.kind in _POSITIONAL]
    unnamed = [name for name in needed if name != keyword and name not in found]
    return found | {name: positional.index(argument) for name, argument in zip(unnamed, left, strict=False)}


def _takes_keyword(parameters: list[Parameter], keyword: str) -> bool:
    return any(
        p.kind is Parameter.VAR_KEYWORD or (p.name == keyword and p.kind is not Parameter.POSITIONAL_ONLY)
        for p in parameters
    )


def _comes_next(parameters: list[Parameter], count: int, keyword: str | None) -> bool:
    """Return whether the keyword's parameter is the next by position, after ``count`` others."""
    return [p.name for p in parameters if p.kind in _POSITIONAL][count : count + 1] == [keyword]


def _is_wrapper(function: Callable[..., Any]) -> bool:
    """Return whether the function shows another function's signature, and may take arguments differently."""
    return hasattr(function, "__wrapped__")


def _refuse_without_self(function: Callable[..., Any], positional: tuple[str, ...]) -> None:
    """Raise StartupError for a method of a class whose first argument is already one of the call's."""
    inner = getattr(function, "__func__", None)
    if not isinstance(function, MethodType) or not isinstance(inner, FunctionType):
        return
    parameters = list(_own_signature(inner).parameters.values())
    first = parameters[0] if parameters else None
    takes_object = first is not None and first.kind in (*_POSITIONAL, Parameter.VAR_POSITIONAL)
    if takes_object and first is not None and first.name not in positional:
        return
    written = ", ".join(str(p.replace(annotation=Parameter.empty)) for p in parameters)
    raise StartupError(
        f"{name_of(function)} lacks the argument self: it is defined with ({written}), expected "
        f"({', '.join(filter(None, ('self', written)))})"
    )


def _refuse_unfillable(
    function: Callable[..., Any],
    parameters: list[Parameter],
    taken: int,
    positional: tuple[str, ...],
    filled: set[str],
) -> None:
    plain = [p for p in parameters if p.kind in _POSITIONAL and p.name not in filled]
    extra = [p for p in plain[taken:] if p.default is Parameter.empty]
    extra += [
        p
        for p in parameters
        if p.kind is Parameter.KEYWORD_ONLY and p.default is Parameter.empty and p.name not in filled
    ]
    if extra:
        raise StartupError(
            f"{name_of(function)} needs the argument {extra[0].name!r}, which is never passed; "
            f"it is called with ({', '.join(positional)}). Give {extra[0].name!r} a default."
        )


def _invoker(function: Callable[..., Any], taken: int, given: int, by_name: dict[str, int]) -> Invoke:
    """Return a function that takes ``given`` arguments, and passes the first ones and those by name."""
    if len(by_name) == 1:  # nearly always the keyword: without a loop
        ((only, index),) = by_name.items()

        @wraps(function)
        def with_name(*arguments: Any) -> Any:
            return function(*arguments[:taken], **{only: arguments[index]})

        with_name.__qualname__ = name_of(function)
        return with_name
    if by_name:

        @wraps(function)
        def with_names(*arguments: Any) -> Any:
            named = {name: arguments[index] for name, index in by_name.items()}
            return function(*arguments[:taken], **named)

        with_names.__qualname__ = name_of(function)
        return with_names
    if taken == given:
        return function
    if (taken, given) == (2, 3):  # most classes: without a tuple

        @wraps(function)
        def first_two(first: Any, second: Any, _: Any) -> Any:
            return function(first, second)

        first_two.__qualname__ = name_of(function)
        return first_two

    @wraps(function)
    def without_names(*arguments: Any) -> Any:
        return function(*arguments[:taken])

    without_names.__qualname__ = name_of(function)
    return without_names
