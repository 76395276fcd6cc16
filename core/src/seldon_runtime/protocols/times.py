"""NumPy's dates, times and durations as ISO 8601 text, in every unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}
"""The decimal places of a second that a unit counts."""
_SECONDS = {"W": 604_800, "D": 86_400, "h": 3600, "m": 60}
_CALENDAR = frozenset("YM")
"""Units without a fixed length: years and months."""


def date_texts(array: NDArray[np.datetime64]) -> Any:
    """Return the texts of a ``datetime64`` array as nested lists, with the digits of its unit.

    NaT and masked values are None. An array without dimensions becomes a single text.
    """
    native = np.asarray(array).astype(array.dtype.newbyteorder("="), copy=False)
    texts = np.asarray(np.datetime_as_string(native)).astype(object)
    texts[np.isnat(native) | np.ma.getmaskarray(array)] = None
    return texts.tolist()


def duration_texts(array: NDArray[np.timedelta64]) -> Any:
    """Return the texts of a ``timedelta64`` array as nested lists.

    NaT and masked values are None. Durations without a unit are whole numbers.
    """
    native = np.asarray(array).astype(array.dtype.newbyteorder("="), copy=False)
    unit, step = np.datetime_data(native.dtype)
    counts = native.astype(np.int64).ravel().tolist()
    absent = (np.isnat(native) | np.ma.getmaskarray(array)).ravel().tolist()
    texts = np.empty(len(counts), object)
    texts[:] = [
        None if is_absent else duration_text(count * step, unit)
        for count, is_absent in zip(counts, absent, strict=True)
    ]
    return texts.reshape(native.shape).tolist()


def duration_text(count: int, unit: str) -> str | int:
    """Return a duration of ``count`` units of NumPy, such as ``P1DT2H0.5S``; without a unit the count itself.

    The smallest units keep every digit.
    """
    if unit == "generic":
        return count
    sign = "-" if count < 0 else ""
    if unit in _CALENDAR:
        return f"{sign}P{abs(count)}{unit}"
    digits = _DIGITS.get(unit, 0)
    seconds, fraction = divmod(abs(count) * _SECONDS.get(unit, 1), 10**digits)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    decimals = f".{fraction:0{digits}d}".rstrip("0") if fraction else ""
    time = "".join(
        f"{part}{letter}"
        for part, letter in ((hours, "H"), (minutes, "M"), (f"{seconds}{decimals}", "S"))
        if part not in {0, "0"}
    )
    date = f"{days}D" if days else ""
    return f"{sign}P{date}T{time}" if time else f"{sign}P{date}" if date else "PT0S"
