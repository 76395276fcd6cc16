"""Bodies that are one value, in the OpenAPI document: requests and answers that are not JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime_rest.media.formats import FORMATS
from seldon_runtime_rest.openapi.schemas import JsonDict

_TEXT: JsonDict = {"type": "string"}
_FILE: JsonDict = {"type": "string", "format": "binary"}
_PICTURES = ("image/jpeg", "image/png")
_TABLES = frozenset({"text/csv", "application/vnd.apache.arrow.stream"})
_OF_KIND: Mapping[str, frozenset[str]] = {
    "strData": frozenset({"text/plain"}),
    "binData": frozenset({"image/*", "application/octet-stream"}),
    "jsonData": _TABLES,
    "data": _TABLES | {"application/x-npy"},
}
"""The media types whose bodies can become such an input."""
_MOST_NAMES = 100


def request_bodies(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return the content of a request body by media type, of those that fit the inputs; all without any."""
    fitting = {media_type for item in inputs for media_type in _OF_KIND[_kind(item)]}
    content: JsonDict = {}
    for each in FORMATS:
        if each.is_read and each.is_installed and (not inputs or each.media_type in fitting):
            types = _PICTURES if each.media_type == "image/*" else (each.media_type,)
            content |= {media_type: _body(media_type, inputs) for media_type in types}
    return content


def answer_bodies() -> JsonDict:
    """Return the content of an answer that is not JSON by media type."""
    written = [each.media_type for each in FORMATS if each.is_written and each.is_installed]
    return {media_type: {"schema": _schema(media_type)} for media_type in written}


def _body(media_type: str, inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    if media_type == "text/csv":
        return {"schema": _TEXT, "example": _csv(inputs)}
    if media_type == "text/plain":
        return {"schema": _TEXT, "example": "text"}
    return {"schema": _schema(media_type)}


def _schema(media_type: str) -> JsonDict:
    return _TEXT if media_type.startswith("text/") else _FILE


def _csv(inputs: Sequence[Mapping[str, Any]]) -> str:
    schemas = [item.get("schema") for item in inputs]
    found = [schema["names"] for schema in schemas if isinstance(schema, Mapping) and schema.get("names")]
    names = [str(name) for name in (found or [["a", "b"]])[0]][:_MOST_NAMES]
    return "\n".join([",".join(names), ",".join(["1.0"] * len(names)), ""])


def _kind(item: Mapping[str, Any]) -> str:
    """Return the key of an input among the media types; media types of inputs are bytes."""
    kind = item.get("messagetype")
    if kind in ("tensor", "ndarray", "tftensor", None):
        return "data"
    return kind if kind in _OF_KIND else "binData"
