"""The conversion for a type hint, chosen when the class is loaded."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, TypeGuard, Union

import numpy as np

from seldon_runtime.component.hints import arrays, models, tables, values
from seldon_runtime.component.hints.places import Convert, guarded, name_of
from seldon_runtime.inference.limits import Limits

_KEPT = (Any, object, list, dict, tuple, np.ndarray)
"""Hints that describe the value as it arrives without a conversion."""

_LIBRARIES: dict[tuple[str, str], Callable[[Any, Limits], Convert]] = {
    ("pandas", "DataFrame"): lambda hint, limits: tables.pandas_frame(hint),
    ("polars", "DataFrame"): lambda hint, limits: tables.polars_frame(hint),
    ("pyarrow", "Table"): lambda hint, limits: tables.arrow_table(hint.from_pydict),
    ("torch", "Tensor"): lambda hint, limits: arrays.torch_tensor(limits),
    ("jax", "Array"): lambda hint, limits: arrays.library_array("jax.numpy", "asarray", limits),
    ("jaxlib", "Array"): lambda hint, limits: arrays.library_array("jax.numpy", "asarray", limits),
    ("tensorflow", "Tensor"): lambda hint, limits: arrays.library_array(
        "tensorflow", "convert_to_tensor", limits
    ),
    ("PIL", "Image"): lambda hint, limits: values.ImageReader(limits),
}
"""Conversions by the top-level package and the name of a class."""
_ABSTRACT = frozenset(
    {
        *(np.generic, np.number, np.integer, np.signedinteger, np.unsignedinteger),
        *(np.inexact, np.floating, np.complexfloating, np.flexible, np.character),
    }
)
"""Scalar types of NumPy that stand for several types of values."""


def conversion_for(hint: Any, limits: Limits) -> Convert | None:
    """Return the conversion to the type of a hint; None for a hint that asks for the value as it arrives."""
    whole = hint
    hint = bare(hint)
    found = _found(hint, whole, limits)
    return None if found is None else guarded(found, name_of(hint))


def bare(hint: Any) -> Any:
    """Return ``X`` for ``X | None``, ``Annotated[X, ...]``, and a ``type``, NewType or TypeVar for X."""
    shorter = unaliased(_without_none(hint))
    if typing.get_origin(shorter) is Annotated:
        shorter = shorter.__origin__
    elif isinstance(shorter, typing.NewType):
        shorter = shorter.__supertype__
    elif isinstance(shorter, typing.TypeVar) and shorter.__bound__ is not None:
        shorter = shorter.__bound__
    return hint if shorter is hint else bare(shorter)


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (Union, UnionType):
        parts = [part for part in typing.get_args(hint) if part is not NoneType]
        return parts[0] if len(parts) == 1 else hint
    return hint


def library_of(hint: Any) -> tuple[str, str]:
    """Return the top-level package and the name of a class."""
    name = getattr(hint, "__name__", "")
    return getattr(hint, "__module__", "").partition(".")[0], name.rpartition(".")[2]


def unaliased(hint: Any) -> Any:
    """Return the type that a ``type`` statement names, such as NumPy's NDArray; other types as they are."""
    if sys.version_info < (3, 12):
        return hint
    origin = typing.get_origin(hint)
    if isinstance(origin, typing.TypeAliasType):
        return unaliased(origin.__value__[typing.get_args(hint)])
    return unaliased(hint.__value__) if isinstance(hint, typing.TypeAliasType) else hint


def dtype_of(hint: Any) -> np.dtype[Any] | None:
    """Return the type of the values of ``NDArray[...]``; None for other hints, and for ``NDArray[Any]``."""
    hint = unaliased(hint)
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is not np.ndarray or len(parts) < 2:
        return None
    scalar = (typing.get_args(parts[1]) or (Any,))[0]
    is_scalar = isinstance(scalar, type) and issubclass(scalar, np.generic)
    return np.dtype(scalar) if is_scalar and scalar not in _ABSTRACT else None


def _found(hint: Any, whole: Any, limits: Limits) -> Convert | None:
    """Return the conversion; ``whole`` is the hint with its annotations, by which values are validated."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, str) or any(hint is kept for kept in _KEPT):
        return None
    if hint is str:
        return values.text_in
    if hint is bytes:
        return values.bytes_in
    if origin is np.ndarray:
        dtype = dtype_of(hint)
        return None if not _is_made(dtype) else arrays.typed_array(dtype, limits)
    if make := _LIBRARIES.get(library_of(hint)):
        return make(hint, limits)
    if models.is_record(hint):
        return models.records(whole) if models.is_root_list(hint) else models.record(whole)
    if origin is list and parts:
        return _list(whole, bare(parts[0]))
    if origin is dict and len(parts) == 2:
        value = bare(parts[1])
        if value is np.ndarray or typing.get_origin(value) is np.ndarray:
            dtype = dtype_of(value)
            return arrays.typed_arrays(dtype) if _is_made(dtype) else tables.arrays_by_name()
        return models.record(whole)
    return None


def _is_made(dtype: np.dtype[Any] | None) -> TypeGuard[np.dtype[Any]]:
    """Return whether arrays of a type are made of those of a request."""
    return dtype is not None and dtype.kind in "fiubU"


def _list(whole: Any, item: Any) -> Convert | None:
    if models.is_record(item):
        return models.records(whole)
    is_flat = models.is_plain(item)
    is_typed = is_flat or typing.get_origin(item) in (list, dict)
    return models.plain_list(whole, is_flat=is_flat) if is_typed else None
