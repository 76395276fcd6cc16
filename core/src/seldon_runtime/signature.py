"""How a user's method wants to be called: found out once, at load.

Methods are never called twice to find out: a ``TypeError`` may come from inside.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial, wraps
from inspect import Parameter
from typing import Any

from seldon_runtime.errors import StartupError
from seldon_runtime.user_object import name_of

if sys.version_info >= (3, 14):  # annotations need not be evaluated, nor name anything that exists
    from annotationlib import Format

    signature_of = partial(inspect.signature, annotation_format=Format.FORWARDREF)
else:
    signature_of = inspect.signature

Invoke = Callable[..., Any]
"""Called as ``invoke(*positional, keyword_value)``; drops what the method does not take."""

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def adapt(function: Callable[..., Any], positional: tuple[str, ...], keyword: str | None = None) -> Invoke:
    """Wrap a bound user method so that it takes ``positional`` and the value of ``keyword``.

    The method may take fewer positional arguments (the last ones are dropped), and
    the keyword or not. A parameter called like the keyword is filled by keyword only.

    Raises:
        StartupError: the method needs arguments that nobody passes.
    """
    try:
        parameters = list(signature_of(function).parameters.values())
    except (TypeError, ValueError):  # a builtin without a signature takes what the protocol says
        taken, by_keyword = len(positional), False
    else:
        by_keyword = keyword is not None and _takes_keyword(parameters, keyword)
        taken = _positional_count(parameters, positional, keyword)
        _refuse_unfillable(function, parameters, taken, positional, keyword if by_keyword else None)
        if by_keyword and _comes_next(parameters, len(positional), keyword) and not _is_wrapper(function):
            return function
    return _invoker(function, taken, len(positional), keyword if by_keyword else None, keyword is not None)


def _positional_count(parameters: list[Parameter], positional: tuple[str, ...], keyword: str | None) -> int:
    """How many to pass: those behind the keyword's own parameter cannot be reached by position."""
    names = [p.name for p in parameters if p.kind in _POSITIONAL]
    if keyword in names:
        return min(len(positional), names.index(keyword))
    if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
        return len(positional)
    return min(len(positional), len(names))


def _takes_keyword(parameters: list[Parameter], keyword: str) -> bool:
    return any(
        p.kind is Parameter.VAR_KEYWORD or (p.name == keyword and p.kind is not Parameter.POSITIONAL_ONLY)
        for p in parameters
    )


def _comes_next(parameters: list[Parameter], count: int, keyword: str | None) -> bool:
    """Whether the keyword's own parameter can be reached by position, behind ``count`` others."""
    return [p.name for p in parameters if p.kind in _POSITIONAL][count : count + 1] == [keyword]


def _is_wrapper(function: Callable[..., Any]) -> bool:
    """Whether it shows another function's signature, and may take its arguments in another way."""
    return hasattr(function, "__wrapped__")


def _refuse_unfillable(
    function: Callable[..., Any],
    parameters: list[Parameter],
    taken: int,
    positional: tuple[str, ...],
    keyword: str | None,
) -> None:
    plain = [p for p in parameters if p.kind in _POSITIONAL and p.name != keyword]
    extra = [p for p in plain[taken:] if p.default is Parameter.empty]
    extra += [
        p
        for p in parameters
        if p.kind is Parameter.KEYWORD_ONLY and p.default is Parameter.empty and p.name != keyword
    ]
    if extra:
        raise StartupError(
            f"{name_of(function)} needs the argument {extra[0].name!r}, which is never passed; "
            f"it is called with ({', '.join(positional)}). Give {extra[0].name!r} a default."
        )


def _invoker(
    function: Callable[..., Any], taken: int, given: int, keyword: str | None, has_value: bool
) -> Invoke:
    if keyword is not None:

        @wraps(function)
        def with_keyword(*arguments: Any) -> Any:
            return function(*arguments[:taken], **{keyword: arguments[given]})

        with_keyword.__qualname__ = name_of(function)
        return with_keyword
    if taken == given and not has_value:
        return function

    @wraps(function)
    def without_keyword(*arguments: Any) -> Any:
        return function(*arguments[:taken])

    without_keyword.__qualname__ = name_of(function)
    return without_keyword
