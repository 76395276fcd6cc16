"""Objects with named fields, of pydantic, msgspec and attrs, as dicts."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

_KEPT = (bytes, bytearray, memoryview, dt.datetime, dt.date, dt.time, dt.timedelta, Decimal, UUID)
"""The types whose form the rule of values decides, not msgspec."""


def dump_of(kind: type) -> Callable[[Any], Any] | None:
    """Return the function that makes a dict of a type's objects; None for other types."""
    if hasattr(kind, "model_dump") and hasattr(kind, "model_fields"):
        return partial(_pydantic, "fallback" in inspect.signature(kind.model_dump).parameters)
    if hasattr(kind, "__struct_fields__"):
        return _msgspec
    if hasattr(kind, "__attrs_attrs__"):
        return _attrs
    return None


def _pydantic(has_fallback: bool, model: Any) -> Any:
    """Return pydantic's own JSON form; arrays inside it become lists."""
    if has_fallback:
        return model.model_dump(mode="json", by_alias=True, fallback=_plain)
    return model.model_dump(mode="json", by_alias=True)


def _msgspec(struct: Any) -> Any:
    from msgspec import to_builtins  # the caller has imported it already

    return to_builtins(struct, builtin_types=_KEPT, enc_hook=_plain)


def _attrs(instance: Any) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in type(instance).__attrs_attrs__}


def _plain(value: Any) -> Any:
    from seldon_runtime.protocols.plain_values import plain_value  # which imports this package

    return plain_value(value)
