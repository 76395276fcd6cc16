"""The elements of an output that is not an array of numbers: as numbers, truth values or BYTES.

An output of numbers and missing values holds numbers, if a 64-bit float holds each. One of truth values holds
these. Any other output is BYTES: text and bytes as they are, and every other element as its JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime.protocols.arrays import as_floats
from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_array, plain_value
from seldon_runtime_v2.tensors.text import objects_like

_NUMBERS = frozenset({int, float})
_STR = frozenset({str})
_TEXT = frozenset({str, bytes})
_BYTES = bytes | bytearray | memoryview


def from_elements(array: NDArray[Any], name: str, non_finite: NonFinite) -> NDArray[Any]:
    """Return an array of numbers or of truth values, or one of objects for BYTES, ``str`` or ``bytes``.

    Args:
        array: text, bytes, dates, durations, records or objects.
        name: the output's, for messages.
        non_finite: the form of NaN and infinities in JSON text.

    Raises:
        SeldonError: COMPONENT_FAILED for an element that an answer cannot hold, and for a missing value
            beside text, since BYTES has no null.
    """
    flat, has_text = array.reshape(-1), False
    if array.dtype.kind in "MmV":
        values = _written(plain_array, flat, name)
    else:
        values = flat.tolist()
        kinds = set(map(type, values))
        if kinds == _STR:
            _check_text(values, name)
            return array if array.dtype.kind == "O" else objects_like(values, array)
        if kinds <= _TEXT:  # of nearly every output
            return objects_like(_encoded(values, name), array)
        has_text = any(issubclass(kind, str) for kind in kinds)
        values = values if kinds <= _NUMBERS else [_plain(value, name) for value in values]
    numbers = None if _has_unit(array) else _numbers(values)
    if numbers is not None:
        return numbers.reshape(array.shape)
    texts = [_text(value, name, non_finite, has_text) for value in values]
    return objects_like(_encoded(texts, name), array)


def _check_text(values: Sequence[str], name: str) -> None:
    """Raise SeldonError for text that UTF-8 cannot hold."""
    text = "".join(values)
    if not text.isascii():
        _encoded([text], name)


def _has_unit(array: NDArray[Any]) -> bool:
    """Return whether an array holds dates, or durations in a unit: they are text even if all are missing."""
    return array.dtype.kind in "Mm" and np.datetime_data(array.dtype)[0] != "generic"


def _plain(value: Any, name: str) -> Any:
    return bytes(value) if isinstance(value, _BYTES) else _written(plain_value, value, name)


def _written(write: Any, value: Any, name: str) -> Any:
    try:
        return write(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = "it contains itself, or nests too deeply" if isinstance(error, RecursionError) else error
        raise SeldonError(
            f"the component's output {name!r:.80} cannot be written: {reason}",
            code=ErrorCode.COMPONENT_FAILED,
        ) from error


def _numbers(values: Sequence[Any]) -> NDArray[Any] | None:
    """Return numbers, with NaN for None, or truth values as an array; None if it cannot hold each."""
    kinds = set(map(type, values))
    if kinds == {bool}:
        return np.array(values)
    if not kinds or not kinds <= _NUMBERS | {type(None)}:
        return None
    if kinds == {int}:
        with suppress(OverflowError):
            array = np.array(values)
            if array.dtype.kind in "iu":  # not objects, or floats that may lose digits
                return array
            return np.array(values, np.uint64) if min(values) >= 0 else None
        return None
    return np.array(values) if kinds == {float} else as_floats(np.array(values, object), words=False)


def _text(value: Any, name: str, non_finite: NonFinite, has_text: bool) -> str | bytes:
    if isinstance(value, str | bytes):
        return value
    try:
        written = finite(value, non_finite)
    except ValueError as error:
        raise SeldonError(
            f"the component's output {name!r:.80}: {error}", code=ErrorCode.COMPONENT_FAILED
        ) from error
    if written is None and has_text:  # also of NaN, as pandas has it beside text
        raise _failed(name, "a missing value beside text")
    return written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)


def _encoded(values: Sequence[str | bytes], name: str) -> list[bytes]:
    try:
        return [value if isinstance(value, bytes) else value.encode() for value in values]
    except UnicodeEncodeError as error:
        raise _failed(name, "text with a lone surrogate") from error


def _failed(name: str, found: str) -> SeldonError:
    return SeldonError(
        f"the component's output {name!r:.80} has {found}, expected numbers of one type, or text or bytes",
        code=ErrorCode.COMPONENT_FAILED,
    )
