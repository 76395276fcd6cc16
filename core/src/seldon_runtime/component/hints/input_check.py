"""The check of requests against the inputs that the metadata declare, for ``--check-inputs``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seldon_runtime.component.hints.places import place_of
from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import DATA_KINDS, Kind, Message, Payload

_ARRAYS = frozenset(kind.value for kind in DATA_KINDS)
_OF_ARRAYS = ("names", "shape", "datatype")
_OWN = frozenset({Kind.STR.value, Kind.BINARY.value, Kind.JSON.value, Kind.CUSTOM.value})
_EXPECTED = {"FP": "a number", "INT": "a whole number", "UINT": "a whole number from 0 on"}
_FAMILIES = {"BF16": "FP"}
_NARROW = {"FP16": 65504.0, "FP32": 3.4028234663852886e38, "BF16": 3.3895313892515355e38}
"""The greatest finite number of floats below 64 bits."""
_WORDS = {"BOOL": "true or false", "BYTES": "a text"}
Place = Callable[[tuple[int, ...]], str]
"""Function that returns the place of a value by its index, for messages."""
Entries = Sequence[Mapping[str, Any]]


class InputCheck:
    """The check of one component's requests.

    Entries with a message type are alternatives: a request must have one of these types, and an array the
    names and the shape of an entry for arrays. Several entries with a datatype are the columns of an array, a
    single one is the array itself.

    Args:
        inputs: the inputs of a valid metadata document.
    """

    def __init__(self, inputs: Entries) -> None:
        typed = [entry for entry in inputs if "messagetype" in entry]
        self._columns = [entry for entry in inputs if "datatype" in entry]
        self._kinds = {_kind(entry["messagetype"]) for entry in typed} | (
            {"data"} if self._columns else set()
        )
        schemas = [entry.get("schema") or {} for entry in typed if entry["messagetype"] in _ARRAYS]
        told = [schema for schema in schemas if any(map(schema.get, _OF_ARRAYS))]
        self._schema: Mapping[str, Any] = told[0] if told else {}

    def __call__(self, message: Message) -> Message:
        """Return the message itself.

        Raises:
            SeldonError: BAD_DATA when the payload is not a declared input; the message names the column.
        """
        payload = message.payload
        if payload is None or not self._kinds:
            return message
        payload = as_single(payload)
        kind = "data" if payload.kind in DATA_KINDS else payload.kind.value
        if kind not in self._kinds:
            expected = " or ".join(sorted(self._kinds))
            raise SeldonError(f"the request has {place_of(payload)}, the component declares {expected}")
        if kind == "data":
            self._check_array(np.asarray(payload.value), payload)
        return message

    def _check_array(self, array: NDArray[Any], payload: Payload) -> None:
        rows = array.reshape(1, -1) if array.ndim == 1 else array
        if len(self._columns) > 1:
            columns = [str(entry["name"]) for entry in self._columns]
            _check_names(columns, rows, payload)
            for index, entry in enumerate(self._columns):
                place = _place_in_column(payload, array, index, columns[index])
                _check_values(rows[:, index], entry["datatype"], place)
            return
        if self._columns:
            (entry,) = self._columns
            _check_shape(entry["shape"], array, payload)
            _check_values(array, entry["datatype"], _place_of_value(payload))
            return
        if names := self._schema.get("names"):
            _check_names([str(name) for name in names], rows, payload)
        if shape := self._schema.get("shape"):
            _check_shape(shape, array, payload)
        if datatype := self._schema.get("datatype"):
            _check_values(array, datatype, _place_of_value(payload))


def _kind(messagetype: str) -> str:
    """Return the kind of payload for a message type; media types and other words are bytes."""
    if messagetype in _ARRAYS:
        return "data"
    return messagetype if messagetype in _OWN else Kind.BINARY.value


def _check_names(names: list[str], rows: NDArray[Any], payload: Payload) -> None:
    given = [str(name) for name in payload.names or ()]
    count = rows.shape[1] if rows.ndim > 1 else 1
    expected = ", ".join(names)
    if given:
        for name in names:
            if name not in given:
                raise SeldonError(f"data.names lacks {name!r}, expected {expected}")
        unknown = next((name for name in given if name not in names), None)
        if unknown is not None:
            raise SeldonError(f"data.names has {unknown!r:.80}, which is not declared; expected {expected}")
        if given != names:
            raise SeldonError(f"data.names has another order than the declared columns: expected {expected}")
    if count != len(names):
        raise SeldonError(f"{place_of(payload)} has {count} columns, expected {len(names)}: {expected}")


def _check_shape(shape: Sequence[int], array: NDArray[Any], payload: Payload) -> None:
    """Check the sizes. A declared shape of one dimension is that of a row; -1 is any size."""
    found = array.shape
    if len(shape) == 1 and len(found) == 2:
        found = found[1:]
    fits = len(found) == len(shape) and all(
        want in (-1, size) for want, size in zip(shape, found, strict=True)
    )
    if not fits:
        raise SeldonError(f"{place_of(payload)} has the shape {list(array.shape)}, expected {list(shape)}")


def _check_values(values: NDArray[Any], datatype: str, place: Place) -> None:
    family = _FAMILIES.get(datatype) or datatype.rstrip("0123456789")
    low, high = _limits(family, datatype)
    if values.dtype.kind in {"FP": "fiu", "INT": "i", "UINT": "u", "BOOL": "b", "BYTES": "U"}[family] and (
        high is None or not values.size or np.all(~((values < low) | (values > high)) | ~np.isfinite(values))
    ):
        return
    for index, value in np.ndenumerate(values):
        fits = _fits(value, family)
        if not fits or not _is_within(value, low, high):
            shown = value.item() if isinstance(value, np.generic) else value
            expected = _EXPECTED.get(family) or _WORDS[family]
            if fits:
                expected = f"{expected.removesuffix(' from 0 on')} from {low} to {high}"
            raise SeldonError(f"{place(index)} is {shown!r:.80}, expected {expected} ({datatype})")


def _limits(family: str, datatype: str) -> tuple[Any, Any]:
    """Return the least and the greatest number of a datatype; None for a datatype without limits to check."""
    if family in ("INT", "UINT"):
        whole = np.iinfo(datatype.lower())
        return int(whole.min), int(whole.max)
    narrow = _NARROW.get(datatype)
    return (None, None) if narrow is None else (-narrow, narrow)


def _is_within(value: Any, low: Any, high: Any) -> bool:
    return high is None or value is None or bool(low <= value <= high) or not math.isfinite(value)


def _fits(value: Any, family: str) -> bool:
    if isinstance(value, bool | np.bool_):
        return family == "BOOL"
    if family == "BYTES":
        return isinstance(value, str)
    if family == "FP" and value is None:  # a missing number
        return True
    if not isinstance(value, int | float | np.number) or family == "BOOL":
        return False
    return family == "FP" or (float(value).is_integer() and (family == "INT" or bool(value >= 0)))


def _place_in_column(payload: Payload, array: NDArray[Any], column: int, name: str) -> Place:
    def place(index: tuple[int, ...]) -> str:
        row = "" if array.ndim == 1 else f"[{index[0]}]"
        return f"{place_of(payload)}{row}[{column}] ({name})"

    return place


def _place_of_value(payload: Payload) -> Place:
    return lambda index: place_of(payload) + "".join(f"[{number}]" for number in index)
