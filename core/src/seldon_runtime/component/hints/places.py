"""The places of payloads in messages, and the errors that name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.message import DATA_KINDS, Payload

Convert = Callable[[Payload], Any]
"""Function that makes the argument of a method from a payload; it raises SeldonError (BAD_DATA)."""


def place_of(payload: Payload) -> str:
    """Return the place of a payload's value, such as ``data.ndarray`` or ``jsonData``."""
    return f"data.{payload.kind.value}" if payload.kind in DATA_KINDS else payload.kind.value


def refusal(payload: Payload, expected: str) -> SeldonError:
    """Return the error for a payload of another kind than a method asks for."""
    return SeldonError(f"the request has {place_of(payload)}, and the component expects {expected}")


def guarded(convert: Convert, expected: str) -> Convert:
    """Return ``convert`` with every exception of a library as a SeldonError, since the request caused it."""

    def converted(payload: Payload) -> Any:
        try:
            return convert(payload)
        except SeldonError:
            raise
        except Exception as error:
            raise SeldonError(f"{place_of(payload)} cannot become {expected}: {error}") from error

    return converted
