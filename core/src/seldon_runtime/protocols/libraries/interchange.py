"""Frames of the dataframe interchange protocol, read from their buffers.

Source: the Python dataframe interchange protocol, https://data-apis.org/dataframe-protocol/latest/API.html.
"""

from __future__ import annotations

import ctypes
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.inference.arrays.columns import floats_of
from seldon_runtime.protocols.arrays import object_array
from seldon_runtime.protocols.libraries.frames import Table

_INT, _UINT, _FLOAT, _BOOL, _STRING, _DATETIME, _CATEGORICAL = 0, 1, 2, 20, 21, 22, 23
_LETTERS = {_INT: "i", _UINT: "u", _FLOAT: "f", _DATETIME: "i", _CATEGORICAL: "i"}
_SENTINEL, _BITS, _BYTES = 2, 3, 4
"""The kinds of nulls that values alone do not tell."""
_DAY = "2000-01-01T00:00:00"
_UNITS = {"tdD": "D", "tdm": "ms", "tss": "s", "tsm": "ms", "tsu": "us", "tsn": "ns"}
"""NumPy's units by the start of Arrow's formats."""


def is_frame(kind: type) -> bool:
    """Return whether the values of a type are frames of the protocol."""
    return hasattr(kind, "__dataframe__")


def table(frame: Any) -> Table:
    """Return the columns of a frame; texts, and columns with nulls, are objects."""
    exchange = frame.__dataframe__()
    names = [str(name) for name in exchange.column_names()]
    chunks = list(exchange.get_chunks())
    columns = [
        np.concatenate([_column(chunk.get_column(index)) for chunk in chunks]) for index in range(len(names))
    ]
    return Table(names, columns, len(columns[0]) if columns else 0)


def _column(column: Any) -> NDArray[Any]:
    kind, bits, form, _ = column.dtype
    buffers = column.get_buffers()
    if int(kind) == _STRING:
        return _texts(column, buffers)
    if int(kind) == _CATEGORICAL:
        categories = _column(column.describe_categorical["categories"])
        codes = _stored(column, *buffers["data"])
        valid = _valid(column, buffers, codes)
        values = np.full(len(codes), None, object)
        values[valid] = categories[codes[valid]]
        return values
    array = _stored(column, *buffers["data"])
    if int(kind) == _DATETIME:
        array = array.astype(np.int64).view(f"M8[{_unit(form)}]")
        zone = form.partition(":")[2]
        if zone:
            array[~_valid(column, buffers, array)] = np.array("NaT", array.dtype)
            return zoned(array, zone)
    elif int(kind) == _BOOL:
        array = array.astype(bool)
    elif int(kind) not in _LETTERS:
        raise TypeError(f"a column has the type {kind} of {bits} bits")
    valid = _valid(column, buffers, array)
    if valid.all():
        return array
    if array.dtype.kind == "M":
        array[~valid] = np.array("NaT", array.dtype)
        return array
    values = array.astype(object)
    values[~valid] = None
    return floats_of(values)


def zoned(times: NDArray[np.datetime64], zone: str) -> NDArray[Any]:
    """Return times of UTC with a time zone; as text if ``datetime`` would lose digits of a nanosecond.

    Args:
        times: the times; NaT becomes None.
        zone: a name, such as ``Europe/Berlin``, or an offset, such as ``+01:00`` or ``UTC+01:00``.
    """
    offset = zone.removeprefix("UTC")
    place = ZoneInfo(zone) if offset[:1] not in ("+", "-") else datetime.fromisoformat(_DAY + offset).tzinfo
    coarse = times.astype("M8[us]")
    local = [
        None if moment is None else moment.replace(tzinfo=UTC).astimezone(place) for moment in coarse.tolist()
    ]
    if np.datetime_data(times.dtype)[0] == "ns" and not np.array_equal(coarse, times, equal_nan=True):
        parts = (times.astype(np.int64) % 10**9).tolist()
        texts = [
            None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{part:09}{moment.isoformat()[-6:]}"
            for moment, part in zip(local, parts, strict=True)
        ]
        return object_array(texts)
    return object_array(local)


def _unit(form: str) -> str:
    if form[:3] not in _UNITS:
        raise TypeError(f"a column has the format {form!r}, expected dates or times of day and zone")
    return _UNITS[form[:3]]


def _stored(column: Any, buffer: Any, dtype: Any) -> NDArray[Any]:
    """Return a copy of the stored values of a column, without regard to nulls."""
    kind, bits = int(dtype[0]), dtype[1]
    if bits == 1:
        return _bits(buffer, column.offset, column.size())
    letter = "u" if kind in (_BOOL, _STRING) else _LETTERS[kind]
    return _memory(buffer, f"{letter}{bits // 8}", column.offset, column.size())


def _texts(column: Any, buffers: Any) -> NDArray[Any]:
    data, _ = buffers["data"]
    offsets_buffer, offsets_type = buffers["offsets"]
    count = column.size()
    offsets = _memory(offsets_buffer, f"i{offsets_type[1] // 8}", column.offset, count + 1)
    raw = _memory(data, "u1", 0, data.bufsize).tobytes()
    valid = _valid(column, buffers, offsets[:-1])
    texts = np.full(count, None, object)
    for index in np.flatnonzero(valid):
        texts[index] = raw[offsets[index] : offsets[index + 1]].decode()
    return texts


def _valid(column: Any, buffers: Any, stored: NDArray[Any]) -> NDArray[np.bool_]:
    kind, value = column.describe_null
    if int(kind) == _SENTINEL:
        numbers = stored.view(np.int64) if stored.dtype.kind == "M" else stored
        return np.asarray(numbers != value)
    if int(kind) not in (_BITS, _BYTES) or buffers["validity"] is None:
        return np.ones(column.size(), bool)
    buffer, _ = buffers["validity"]
    if int(kind) == _BITS:
        mask = _bits(buffer, column.offset, column.size())
    else:
        mask = _memory(buffer, "u1", column.offset, column.size()).astype(bool)
    return mask if value == 0 else ~mask


def _memory(buffer: Any, dtype: str, start: int, count: int) -> NDArray[Any]:
    """Return a copy of ``count`` items of a buffer, which the frame owns."""
    width = np.dtype(dtype).itemsize
    raw = ctypes.string_at(buffer.ptr + start * width, count * width) if count else b""
    return np.frombuffer(raw, dtype)


def _bits(buffer: Any, start: int, count: int) -> NDArray[np.bool_]:
    packed = _memory(buffer, "u1", 0, (start + count + 7) // 8)
    return np.unpackbits(packed, count=start + count, bitorder="little")[start:].astype(bool)
