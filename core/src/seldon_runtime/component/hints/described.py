"""Type hints as inputs and outputs of the metadata document."""

from __future__ import annotations

import logging
import typing
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from seldon_runtime.component.hints.choice import bare, dtype_of, library_of
from seldon_runtime.component.hints.misuse import misuse_of
from seldon_runtime.component.hints.models import is_plain, is_pydantic, is_record
from seldon_runtime.component.hints.places import name_of
from seldon_runtime.component.inspection.annotations import annotations_by_name, returned_annotation

logger = logging.getLogger(__name__)

_TABLES = frozenset({("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table")})
_TENSORS = frozenset({("torch", "Tensor"), ("jax", "Array"), ("jaxlib", "Array"), ("tensorflow", "Tensor")})
_IMAGE = ("PIL", "Image")
_DATATYPES = {"b": "BOOL", "U": "BYTES"}
"""The datatypes of the Open Inference Protocol by NumPy's kinds, of the values that are not numbers."""
Entry = dict[str, Any]


def described(function: Callable[..., Any] | None) -> dict[str, list[Entry]]:
    """Return ``inputs`` and ``outputs`` of a method by its hints; a key is absent without such a hint."""
    if function is None:
        return {}
    hints = list(annotations_by_name(function).values())
    entries = {
        "inputs": _entry(hints[0]) if hints else None,
        "outputs": _entry(returned_annotation(function)),
    }
    return {key: [entry] for key, entry in entries.items() if entry is not None}


def _entry(hint: Any) -> Entry | None:
    whole = hint
    hint = bare(hint)
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if misuse_of(hint) is not None:
        return None
    if hint is str:
        return {"messagetype": "strData"}
    if hint is bytes:
        return {"messagetype": "binData"}
    if library_of(hint) == _IMAGE:
        return {"messagetype": "image/png"}
    if library_of(hint) in _TABLES:
        return {"messagetype": "ndarray"}
    if library_of(hint) in _TENSORS:
        return {"messagetype": "tensor"}
    if origin is np.ndarray:
        dtype = dtype_of(hint)
        return None if dtype is None else _array(dtype)
    if origin is dict and parts and np.ndarray in (bare(parts[1]), typing.get_origin(bare(parts[1]))):
        return {"messagetype": "ndarray"}
    item = bare(parts[-1]) if parts else None
    is_typed = is_record(item) or is_plain(item) or typing.get_origin(item) in (list, dict)
    if is_record(hint) or (origin is dict and parts) or (origin is list and is_typed):
        return {"messagetype": "jsonData", **_schema(whole)}
    return None


def _array(dtype: np.dtype[Any]) -> Entry:
    if dtype.kind in "fiu":
        return {"messagetype": "tensor"}
    datatype = _DATATYPES.get(dtype.kind)
    return {"messagetype": "ndarray", **({"schema": {"datatype": datatype}} if datatype else {})}


def _schema(hint: Any) -> Entry:
    """Return the JSON schema of a type under its key; without the key if the type has no schema."""
    try:
        if is_pydantic(hint):
            return {"schema": import_module("pydantic").TypeAdapter(hint).json_schema()}
        import msgspec.json  # only for a hint that needs it

        return {"schema": msgspec.json.schema(hint)}
    except Exception as error:  # noqa: BLE001 - a field of the user's type may be of any class
        logger.info("%s has no JSON schema: %s", name_of(hint), error)
        return {}
