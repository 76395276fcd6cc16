"""The places of payloads in messages, and the errors that name them."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.arrays.named_arrays import SingleArray, as_single
from seldon_runtime.inference.message import ARRAYS, DATA_KINDS, Payload

Convert = Callable[[Payload], Any]
"""Function that makes the argument of a method from a payload; it raises SeldonError (BAD_DATA)."""


class OfColumns:
    """A conversion that reads arrays by name, the payload of kind ARRAYS, as columns.

    Args:
        convert: makes the argument of a method from a payload of any kind.
    """

    __slots__ = ("_convert",)

    def __init__(self, convert: Convert) -> None:
        self._convert = convert

    def __call__(self, payload: Payload) -> Any:
        """Return the argument."""
        return self._convert(payload)


def place_of(payload: Payload) -> str:
    """Return the place of a payload's value, such as ``data.ndarray``, ``jsonData`` or ``input 'x'``."""
    if type(payload) is SingleArray:
        return "inputs" if payload.name is None else f"input {payload.name!r:.80}"
    if payload.kind is ARRAYS:
        return "the table" if type(payload.value) is Columns else "inputs"
    return f"data.{payload.kind.value}" if payload.kind in DATA_KINDS else payload.kind.value


def name_of(hint: Any) -> str:
    """Return a hint as text, for messages."""
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def refusal(payload: Payload, expected: str) -> SeldonError:
    """Return the error for a payload of another kind than a method asks for."""
    return SeldonError(f"the request has {place_of(payload)}, and the component expects {expected}")


def guarded(convert: Convert, expected: str) -> Convert:
    """Return ``convert`` with every exception of a library as a SeldonError, since the request caused it.

    A conversion of columns receives arrays by name as they are. Any other one receives one array in their
    place.
    """
    takes_columns = isinstance(convert, OfColumns)

    def converted(payload: Payload) -> Any:
        if payload.kind is ARRAYS and not takes_columns:
            payload = as_single(payload)
        try:
            return convert(payload)
        except SeldonError:
            raise
        except Exception as error:
            raise SeldonError(f"{place_of(payload)} cannot become {expected}: {error}") from error

    return converted
