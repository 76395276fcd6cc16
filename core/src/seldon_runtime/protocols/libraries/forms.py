"""The form that an answer takes from a value of another library, chosen once for each type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set, ValuesView
from enum import Enum, auto
from functools import lru_cache, partial
from typing import Any, NamedTuple

from seldon_runtime.protocols.libraries import frames, images, interchange, records, tensors

_TEXTS = str | bytes | bytearray | memoryview


class Form(Enum):
    """The form of a converted value."""

    ARRAY = auto()
    """A NumPy array."""
    SPARSE = auto()
    """A NumPy array of a sparse one, which may be far larger: check ``shape`` before the conversion."""
    TABLE = auto()
    """A :class:`~.frames.Table`."""
    PLAIN = auto()
    """A dict, a list or another value of Python, which may hold further values to convert."""
    IMAGE = auto()
    """Bytes of an image file."""


class Conversion(NamedTuple):
    """A form, and the function that makes it of a value."""

    form: Form
    convert: Callable[[Any], Any]


def is_mapping(value: object) -> bool:
    """Return whether a value is a mapping; SciPy's sparse arrays by keys are arrays."""
    return isinstance(value, Mapping) and not tensors.is_sparse(type(value))


def conversion_of(kind: type) -> Conversion | None:
    """Return the conversion of a type's values; None for a type without a clear form.

    The conversion raises TypeError, whatever the library raised.
    """
    return _kept_conversion(kind)


@lru_cache(maxsize=256)
def _kept_conversion(kind: Any) -> Conversion | None:
    found = _found(kind)
    return None if found is None else Conversion(found.form, partial(_guarded, found.convert))


def _found(kind: type) -> Conversion | None:
    if images.is_image(kind):
        return Conversion(Form.IMAGE, images.png_of)
    if convert := records.dump_of(kind):
        return Conversion(Form.PLAIN, convert)
    if tensors.is_sparse(kind):
        return Conversion(Form.SPARSE, tensors.dense)
    if columns := frames.columns_of(kind):
        return Conversion(Form.TABLE, partial(frames.table, columns))
    if convert := frames.column_of(kind):
        return Conversion(Form.ARRAY, convert)
    if interchange.is_frame(kind):
        return Conversion(Form.TABLE, interchange.table)
    if tensors.is_array(kind):
        return Conversion(Form.ARRAY, tensors.array_of)
    if hasattr(kind, "as_py"):  # PyArrow's single values
        return Conversion(Form.PLAIN, frames.arrow_value)
    if issubclass(kind, set | frozenset):
        return Conversion(Form.PLAIN, _in_order)
    if issubclass(kind, Sequence | Set | ValuesView) and not issubclass(kind, _TEXTS):
        return Conversion(Form.PLAIN, list)
    if issubclass(kind, Mapping):
        return Conversion(Form.PLAIN, dict)
    return None


def _guarded(convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except Exception as error:
        kind = type(value).__name__
        raise TypeError(f"a value is {kind}, which could not be converted: {error}") from error


def _in_order(values: Set[Any]) -> list[Any]:
    """Return the values of a set, sorted if they can be compared, so that equal sets give equal answers."""
    try:
        return sorted(values)
    except TypeError:
        return list(values)
