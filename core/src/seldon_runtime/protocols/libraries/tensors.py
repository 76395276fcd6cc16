"""Tensors and sparse matrices as NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = frozenset("biufcSUMmOV")
_NUMPY_HAS_DEVICES = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
_DEFINED = 2
"""The value of ``dtype.isbuiltin`` for types that libraries define."""
_PROCESSOR = (1, 0)
"""The device of the processor's memory in DLPack."""
_PROTOCOLS = ("__array__", "__dlpack__", "__array_interface__")


def is_array(kind: type) -> bool:
    """Return whether the values of a type are arrays: by ``__array__``, DLPack or a buffer of items."""
    return any(hasattr(kind, name) for name in _PROTOCOLS) or _has_items(kind)


def is_sparse(kind: type) -> bool:
    """Return whether the values of a type are sparse, as those of SciPy and of CuPy are."""
    return hasattr(kind, "toarray") and hasattr(kind, "nnz") and hasattr(kind, "shape")


def dense(matrix: Any) -> NDArray[Any]:
    """Return a sparse matrix with all its zeros."""
    array: NDArray[Any] = array_of(matrix.toarray())
    return array


def array_of(value: Any) -> NDArray[Any]:
    """Return the values of a tensor, in memory that the two share where the library can.

    A tensor of another device is copied, once. Types that NumPy lacks, such as bfloat16, become float32.
    """
    if type(value) is np.ndarray:
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # one of PyTorch's, with gradients, or of a GPU
        value = value.detach().cpu()
    elif hasattr(value, "get") and hasattr(value, "__cuda_array_interface__"):  # one of CuPy's
        value = value.get()
    return known(_read(value))


def known(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of numbers of a type that NumPy lacks, such as bfloat16, as one of float32."""
    return array if _is_known(array.dtype) else array.astype(np.float32)


def is_of_library(dtype: np.dtype[Any]) -> bool:
    """Return whether a library such as ``ml_dtypes`` defines a type of values."""
    return dtype.isbuiltin == _DEFINED and not _is_known(dtype)


def _read(value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except (TypeError, RuntimeError, ValueError) as error:
        if _is_float(value):
            return np.asarray(value.float())
        if not hasattr(value, "__dlpack__"):
            raise
        try:
            return np.from_dlpack(value, device="cpu") if _NUMPY_HAS_DEVICES else _from_device(value)
        except BufferError:  # of a sparse one, for which the library's own error has the advice
            raise error from None


def _is_float(value: Any) -> bool:
    """Return whether a tensor of PyTorch or Paddle holds floats, which its method ``float`` widens."""
    if not hasattr(value, "float"):
        return False
    is_floating = getattr(value, "is_floating_point", None)
    return bool(is_floating()) if callable(is_floating) else "bfloat16" in str(getattr(value, "dtype", ""))


class _OnProcessor:
    """A tensor of a device as one of the processor, for NumPy before 2.1, which asks for no device.

    Source: the array API standard, ``__dlpack__``.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def __dlpack_device__(self) -> tuple[int, int]:
        return _PROCESSOR

    def __dlpack__(self, **options: Any) -> Any:
        return self._value.__dlpack__(dl_device=_PROCESSOR)


def _from_device(value: Any) -> NDArray[Any]:
    """Return a tensor of any device, copied by its library.

    Raises:
        TypeError: the library copies it only for NumPy 2.1 or later.
    """
    if tuple(value.__dlpack_device__()) == _PROCESSOR:
        return np.from_dlpack(value)
    for copy in ("cpu", "get"):
        if callable(method := getattr(value, copy, None)):
            return np.asarray(method())
    try:
        return np.from_dlpack(_OnProcessor(value))
    except TypeError as error:  # it has no argument dl_device
        raise TypeError(
            f"it is on another device, which needs NumPy 2.1 (this is {np.__version__}): {error}"
        ) from error


def _is_known(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in _KINDS and not (dtype.kind == "V" and dtype.names is None)


def _has_items(kind: type) -> bool:
    """Return whether a type is an array of the standard library."""
    return kind.__module__ == "array"
