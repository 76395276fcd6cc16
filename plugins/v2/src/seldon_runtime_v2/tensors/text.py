"""The elements of BYTES: bytes, text, base64 and dates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.plugin import SeldonError
from seldon_runtime.protocols.base64_text import decode_base64

CONTENT = "the content"


def as_text(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of ``str`` for one of ``bytes`` that are all UTF-8; another array as it is.

    Args:
        array: objects, all of ``str`` or all of ``bytes``.
    """
    values = array.reshape(-1).tolist()
    if values and type(values[0]) is str:
        return array
    try:
        return objects_like([*map(bytes.decode, values)], array)
    except UnicodeDecodeError:
        return array


def from_base64(array: NDArray[Any]) -> NDArray[Any]:
    """Return the bytes that each element stands for; an element that is not base64 is taken as it is."""
    return objects_like([_decoded(value) for value in array.reshape(-1).tolist()], array)


def from_dates(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return ``datetime64[us]`` for texts of ISO 8601; those with an offset become UTC.

    Raises:
        SeldonError: BAD_DATA for another text.
    """
    dates = np.empty(array.size, "datetime64[us]")
    for index, value in enumerate(array.reshape(-1).tolist()):
        try:
            text = value.decode() if type(value) is bytes else value
            date = datetime.fromisoformat(text)
            dates[index] = date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo is not None else date
        except (
            ValueError,
            OverflowError,
        ) as error:  # OverflowError: in UTC, it is before year 1 or after 9999
            raise SeldonError(
                f"the input {name!r:.80} has {value!r:.40} at {index}, expected a date and time of ISO 8601"
            ) from error
    return dates.reshape(array.shape)


def objects_like(values: list[Any], like: NDArray[Any]) -> NDArray[Any]:
    """Return an array of objects in the shape of another array."""
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(like.shape)


def _decoded(value: str | bytes) -> bytes:
    try:
        return decode_base64(value if isinstance(value, str) else value.decode("ascii"), CONTENT)
    except (SeldonError, UnicodeDecodeError):
        return value.encode() if isinstance(value, str) else value
