"""Validated values: models of pydantic, dataclasses, msgspec structs, typed lists and dicts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any
from uuid import UUID

import numpy as np

from seldon_runtime.component.hints.places import Convert, OfColumns, name_of, place_of, refusal
from seldon_runtime.component.hints.tables import records_in
from seldon_runtime.errors import ComponentFailed, SeldonError
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, Kind, Payload
from seldon_runtime.tracebacks import hide_frames

Validate = Callable[[Any, str], Any]
"""Function that validates a plain value from a place, and raises SeldonError with the field's path."""
_PLAIN = frozenset({str, int, float, bool, dt.datetime, dt.date, dt.time, dt.timedelta, Decimal, UUID})
_MOST_FAULTS_SHOWN = 3
_IN_KEY = "key` in `"
_RECORD_MARKS = ("__struct_fields__", "__attrs_attrs__", "__pydantic_validator__", "__total__")


def is_record(hint: Any) -> bool:
    """Return whether a hint is a class with named fields: of pydantic, msgspec, attrs, or a dataclass."""
    if not isinstance(hint, type):
        return False
    return dataclasses.is_dataclass(hint) or any(hasattr(hint, mark) for mark in _RECORD_MARKS)


def is_root_list(hint: Any) -> bool:
    """Return whether a hint is a root model of pydantic whose value is a list."""
    if not getattr(hint, "__pydantic_root_model__", False):
        return False
    return typing.get_origin(hint.model_fields["root"].annotation) is list


def is_plain(hint: Any) -> bool:
    """Return whether the values of a type are numbers, booleans or text, or have a form in text."""
    if typing.get_origin(hint) is typing.Literal:
        return True
    return isinstance(hint, type) and (hint in _PLAIN or issubclass(hint, Enum))


def validator_of(hint: Any) -> Validate:
    """Return the validation of a type: by pydantic where the type is, or holds, one of its models.

    It also raises ComponentFailed for an exception of the user's own validation other than ValueError and
    AssertionError.
    """
    convert = _pydantic(hint) if is_pydantic(hint) else _msgspec(hint)

    def validate(value: Any, place: str) -> Any:
        try:
            return convert(value, place)
        except UnicodeEncodeError:
            raise SeldonError(f"{place}: a text has a lone surrogate, expected Unicode text") from None
        except (SeldonError, ValueError, AssertionError):
            raise
        except BaseException as error:
            raise ComponentFailed(f"the validation of {name_of(hint)}", hide_frames(error)) from error

    return validate


def is_pydantic(hint: Any) -> bool:
    """Return whether a type is, or holds, one of pydantic's models."""
    return any(hasattr(part, "__pydantic_validator__") for part in _parts(hint))


def record(hint: Any) -> Convert:
    """Return the conversion to one record or dict: an object in jsonData, or the only row of columns."""
    validate = validator_of(hint)

    def convert(payload: Payload) -> Any:
        if payload.kind is Kind.JSON:
            return validate(payload.value, "jsonData")
        if payload.kind not in DATA_KINDS and payload.kind is not ARRAYS:
            raise refusal(payload, "an object: jsonData")
        rows = records_in(payload)
        if len(rows) != 1:
            raise SeldonError(
                f"{place_of(payload)} has {len(rows)} rows, and the component expects one record"
            )
        return validate(rows[0], f"{place_of(payload)}[0]")

    return OfColumns(convert)


def records(hint: Any) -> Convert:
    """Return the conversion to a list of records: a list in jsonData, or the rows of an array with names."""
    validate = validator_of(hint)

    def convert(payload: Payload) -> Any:
        if payload.kind is Kind.JSON:
            return validate(payload.value, "jsonData")
        if payload.kind not in DATA_KINDS and payload.kind is not ARRAYS:
            raise refusal(payload, "records: a list in jsonData, or data with names")
        return validate(records_in(payload), place_of(payload))

    return OfColumns(convert)


def plain_list(hint: Any, *, is_flat: bool) -> Convert:
    """Return the conversion to a typed list, such as ``list[str]``.

    Args:
        hint: the whole hint.
        is_flat: True if the items are single values, so that one row or column of an array is a list.
    """
    validate = validator_of(hint)

    def convert(payload: Payload) -> Any:
        value = payload.value
        if payload.kind in DATA_KINDS:
            array = np.asarray(value)
            if is_flat and array.ndim == 2 and 1 in array.shape:
                array = array.ravel()
            return validate(array.tolist(), place_of(payload))
        if payload.kind is Kind.STR and is_flat:
            return validate([value], "strData")
        if payload.kind is not Kind.JSON:
            raise refusal(payload, "a list: data or jsonData")
        return validate(value, "jsonData")

    return convert


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in typing.get_args(hint):
        yield from _parts(part)


def _msgspec(hint: Any) -> Validate:
    import msgspec  # only for a hint that needs it

    def validate(value: Any, place: str) -> Any:
        try:
            return msgspec.convert(value, hint, str_keys=True)
        except msgspec.ValidationError:
            pass  # perhaps only because protobuf's numbers, and columns with missing ones, are floats
        try:
            return msgspec.convert(_without_floats(value), hint, str_keys=True)
        except msgspec.ValidationError as error:
            raise _misfit(str(error), place) from None

    return validate


def _misfit(text: str, place: str) -> SeldonError:
    """Return the error for msgspec's text, which ends with the path, or with ``key`` and the path."""
    complaint, _, path = text.partition(" - at `")
    if path.startswith(_IN_KEY):
        complaint, path = f"a key: {complaint}", path.removeprefix(_IN_KEY)
    return SeldonError(f"{place}{path.removesuffix('`').removeprefix('$')}: {complaint}")


def _without_floats(value: Any) -> Any:
    """Return a plain value with whole numbers in place of floats such as ``1.0``, and None in place of NaN.

    A column of floats has no other form of a missing value.
    """
    if type(value) is float and (value != value or value.is_integer()):
        return None if value != value else int(value)
    if type(value) is list:
        return [_without_floats(item) for item in value]
    if type(value) is dict:
        return {key: _without_floats(item) for key, item in value.items()}
    return value


def _pydantic(hint: Any) -> Validate:
    pydantic = import_module("pydantic")
    adapter = pydantic.TypeAdapter(hint)

    def validate(value: Any, place: str) -> Any:
        try:
            return adapter.validate_python(value)
        except pydantic.ValidationError:
            pass  # perhaps only because protobuf's numbers, and columns with missing ones, are floats
        try:
            return adapter.validate_python(_without_floats(value))
        except pydantic.ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
            shown = [f"{place}{_path(fault['loc'])}: {fault['msg']}" for fault in faults[:_MOST_FAULTS_SHOWN]]
            more = len(faults) - len(shown)
            raise SeldonError("; ".join(shown) + (f"; and {more} more" if more else "")) from None

    return validate


def _path(steps: Iterable[int | str]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
