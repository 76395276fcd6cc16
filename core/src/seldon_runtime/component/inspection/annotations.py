"""The annotations of a method's arguments, evaluated where that is possible."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

from seldon_runtime.component.signature import signature_of


def annotations_of(function: Callable[..., Any]) -> Iterator[Any]:
    """Yield the annotations of the arguments, as text where they cannot be evaluated."""
    return (annotation for annotation in annotations_by_name(function).values() if annotation is not None)


def annotations_by_name(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotation of each argument, in their order; None for an argument without one."""
    try:
        parameters = signature_of(function).parameters.values()
    except (TypeError, ValueError):  # a builtin has no signature
        return {}
    names = _names_around(function)
    return {parameter.name: _evaluated(parameter.annotation, names) for parameter in parameters}


def returned_annotation(function: Callable[..., Any]) -> Any:
    """Return the annotation of the result; None without one."""
    try:
        annotation = signature_of(function).return_annotation
    except (TypeError, ValueError):
        return None
    return _evaluated(annotation, _names_around(function))


def _names_around(function: Any) -> dict[str, Any]:
    """Return the globals of the function that a ``partial``, wrapper or callable object calls in the end."""
    inner = inspect.unwrap(function)
    while isinstance(inner, partial):
        inner = inspect.unwrap(inner.func)
    names: dict[str, Any] | None = getattr(inner, "__globals__", None)
    return getattr(type(inner).__call__, "__globals__", {}) if names is None else names


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return None
    text = _text_of(annotation)
    if text is None:
        return _with_evaluated_parts(annotation, names)
    try:
        value = eval(text, names)  # the user's own code, which typing evaluates in the same way
    except Exception:  # noqa: BLE001 - such as a name that is imported for type checkers only
        return text
    if isinstance(value, str):
        return _evaluated(value, names) if value != text else value
    return _with_evaluated_parts(value, names)


def _with_evaluated_parts(annotation: Any, names: dict[str, Any]) -> Any:
    """Return an annotation such as ``list["Model"]`` with its parts evaluated; as it is if that fails."""
    if not typing.get_args(annotation):
        return annotation
    holder = SimpleNamespace(__annotations__={"part": annotation})
    try:
        return typing.get_type_hints(holder, globalns=names, include_extras=True)["part"]
    except Exception:  # noqa: BLE001 - the user's own code, as above
        return annotation


def _text_of(annotation: Any) -> str | None:
    """Return the text of an annotation that is not evaluated yet."""
    if isinstance(annotation, str):
        return annotation
    if sys.version_info >= (3, 14):
        from annotationlib import ForwardRef

        return annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else None
    return None
