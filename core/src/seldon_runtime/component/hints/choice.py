"""The conversion for a type hint, chosen when the class is loaded."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Union

import numpy as np

from seldon_runtime.component.hints import arrays, models, tables, values
from seldon_runtime.component.hints.places import Convert, guarded
from seldon_runtime.inference.limits import Limits

_KEPT = frozenset({Any, object, list, dict, tuple, np.ndarray})
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


def conversion_for(hint: Any, limits: Limits) -> Convert | None:
    """Return the conversion to the type of a hint; None for a hint that asks for the value as it arrives."""
    hint = without_none(hint)
    found = _found(hint, limits)
    return None if found is None else guarded(found, name_of(hint))


def without_none(hint: Any) -> Any:
    """Return ``X`` for ``X | None``, and other hints as they are."""
    if typing.get_origin(hint) in (Union, UnionType):
        parts = [part for part in typing.get_args(hint) if part is not NoneType]
        return parts[0] if len(parts) == 1 else hint
    return hint


def name_of(hint: Any) -> str:
    """Return a hint as text, for messages."""
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


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
    if typing.get_origin(hint) is not np.ndarray:
        return None
    scalar = (typing.get_args(typing.get_args(hint)[1]) or (Any,))[0]
    return np.dtype(scalar) if isinstance(scalar, type) and issubclass(scalar, np.generic) else None


def _found(hint: Any, limits: Limits) -> Convert | None:
    hint = unaliased(hint)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, str) or origin is Annotated or hint in _KEPT:
        return None
    if hint is str:
        return values.text_in
    if hint is bytes:
        return values.bytes_in
    if origin is np.ndarray:
        dtype = dtype_of(hint)
        return None if dtype is None or dtype.kind not in "fiubU" else arrays.typed_array(dtype, limits)
    if make := _LIBRARIES.get(library_of(hint)):
        return make(hint, limits)
    if models.is_record(hint):
        return models.record(hint)
    if origin is list and parts:
        return _list(hint, parts[0])
    if origin is dict and parts:
        value = unaliased(parts[1])
        is_arrays = typing.get_origin(value) is np.ndarray or value is np.ndarray
        return tables.arrays_by_name() if is_arrays else models.plain(hint)
    return None


def _list(hint: Any, item: Any) -> Convert | None:
    if models.is_record(item):
        return models.records(hint)
    is_plain = item in (str, int, float, bool) or typing.get_origin(item) in (list, dict)
    return models.plain(hint) if is_plain else None
