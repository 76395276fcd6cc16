"""Arrays of a type that a hint names, and tensors of other libraries."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.hints.places import Convert, OfColumns, place_of, refusal
from seldon_runtime.component.hints.tables import arrays_by_name
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import DATA_KINDS, TFTENSOR, Kind, Payload
from seldon_runtime.protocols.arrays import array_from_list

_WORDS = {"f": "a number", "i": "a whole number", "u": "a whole number", "b": "true or false", "U": "a text"}
_NUMERIC = frozenset("fiu")
_LARGEST = int(np.finfo(np.float64).max)
_NARROW: dict[str, np.dtype[Any]] = {
    "torch.float16": np.dtype(np.float16),
    "torch.float32": np.dtype(np.float32),
}
"""NumPy's types by PyTorch's, of floats that do not hold every 64-bit one."""


def array_in(payload: Payload, limits: Limits) -> NDArray[Any]:
    """Return the array of a payload, in which every value stays what the client sent."""
    value = payload.value
    if payload.kind in DATA_KINDS:
        return np.asarray(value)
    if payload.kind is Kind.JSON and type(value) is list:
        return array_from_list(value, "jsonData", limits)
    if payload.kind is Kind.JSON and type(value) in (int, float, bool):
        return np.array(value)
    raise refusal(payload, "an array: data, or a list in jsonData")


def typed_array(dtype: np.dtype[Any], limits: Limits) -> Convert:
    """Return the conversion to arrays of ``dtype``; null becomes NaN in one of floats."""

    def convert(payload: Payload) -> NDArray[Any]:
        array = array_in(payload, limits)
        return array if array.dtype == dtype else as_type(array, dtype, place_of(payload))

    return convert


def typed_arrays(dtype: np.dtype[Any]) -> Convert:
    """Return the conversion to arrays of ``dtype`` by their names."""
    by_name = arrays_by_name()

    def convert(payload: Payload) -> dict[str, NDArray[Any]]:
        place = place_of(payload)
        return {
            name: array if array.dtype == dtype else as_type(array, dtype, f"{place}.{name:.80}")
            for name, array in by_name(payload).items()
        }

    return OfColumns(convert)


def torch_tensor(limits: Limits) -> Convert:
    """Return the conversion to PyTorch's tensors: floats have its default type, but for a ``tftensor``."""
    torch = import_module("torch")

    def convert(payload: Payload) -> Any:
        place = place_of(payload)
        array = numeric(array_in(payload, limits), place)
        default = torch.get_default_dtype()
        has_default = array.dtype == np.float64 and payload.kind is not TFTENSOR
        if has_default and (narrow := _NARROW.get(str(default))):
            array = as_type(array, narrow, place)
        tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
        return tensor.to(default) if has_default else tensor

    return convert


def library_array(module: str, function: str, limits: Limits) -> Convert:
    """Return the conversion by a library's function, such as ``jax.numpy.asarray``.

    The library may choose a narrower type of numbers, which must hold every value.
    """
    make = getattr(import_module(module), function)

    def convert(payload: Payload) -> Any:
        place = place_of(payload)
        array = numeric(array_in(payload, limits), place)
        with np.errstate(over="ignore"):
            made = make(array)
        dtype = getattr(made, "dtype", None)
        if isinstance(dtype, np.dtype) and dtype.kind in _NUMERIC and dtype.itemsize < array.dtype.itemsize:
            as_type(array, dtype, place)  # which refuses what the library altered
        return made

    return convert


def numeric(array: NDArray[Any], place: str) -> NDArray[Any]:
    """Return an array of numbers or booleans; null becomes NaN.

    Raises:
        SeldonError: BAD_DATA when there is another value.
    """
    return array if array.dtype.kind in "fiub" else as_type(array, np.dtype(np.float64), place)


def as_type(array: NDArray[Any], dtype: np.dtype[Any], place: str) -> NDArray[Any]:
    """Return the array with another type, which must hold every value.

    Raises:
        SeldonError: BAD_DATA with the place of the first value that the type cannot hold.
    """
    kind = dtype.kind
    if not array.size:
        return array.astype(dtype)
    if kind == "O":
        return array.astype(object)
    if array.dtype.kind == "O":
        array = _of_objects(array, dtype, place)
    if kind == "f" and array.dtype.kind in _NUMERIC:
        with np.errstate(over="ignore"):
            narrow = array.astype(dtype)
        return _checked(array, narrow, np.isfinite(narrow) | ~np.isfinite(array.astype(float)), place)
    if kind in "iu" and array.dtype.kind in _NUMERIC:
        with np.errstate(invalid="ignore", over="ignore"):
            whole = array.astype(dtype)
        is_kept = (whole == array) & ((whole < 0) == (array < 0))
        return _checked(array, whole, is_kept, place)
    if kind == array.dtype.kind:  # booleans or text
        return array.astype(dtype, copy=False)
    raise _bad(array.flat[0], place, (0,) * array.ndim, dtype)


def _of_objects(array: NDArray[Any], dtype: np.dtype[Any], place: str) -> NDArray[Any]:
    """Return objects as an array of ``dtype``, which must hold each, but as one of float64 for any floats."""
    for index, value in np.ndenumerate(array):
        if not _fits(value, dtype):
            raise _bad(value, place, index, dtype)
    values = array.ravel().tolist()
    if dtype.kind == "f":
        return np.array([np.nan if v is None else v for v in values], np.float64).reshape(array.shape)
    if dtype.kind in "iu":
        values = list(map(int, values))
    return np.array(values, dtype).reshape(array.shape)


def _checked(array: NDArray[Any], converted: NDArray[Any], kept: Any, place: str) -> NDArray[Any]:
    if np.all(kept):
        return converted
    first = tuple(int(index) for index in np.argwhere(~np.atleast_1d(kept))[0])[: array.ndim]
    raise _bad(array[first], place, first, converted.dtype)


def _fits(value: Any, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "U":
        return type(value) is str
    if dtype.kind == "b" or isinstance(value, bool | np.bool_):
        return dtype.kind == "b" and isinstance(value, bool | np.bool_)
    if not isinstance(value, int | float | np.number):
        return dtype.kind == "f" and value is None
    if dtype.kind == "f":
        return not isinstance(value, int) or abs(value) <= _LARGEST
    whole = np.iinfo(dtype)
    return bool(int(whole.min) <= value <= int(whole.max) and int(value) == value)


def _bad(value: Any, place: str, index: tuple[int, ...], dtype: np.dtype[Any]) -> SeldonError:
    shown = value.item() if isinstance(value, np.generic) else value
    where = place + "".join(f"[{number}]" for number in index)
    of_type = "" if dtype.kind in "bU" else f" of type {dtype.name}"
    return SeldonError(f"{where} is {shown!r:.80}, expected {_WORDS.get(dtype.kind, 'a value')}{of_type}")
