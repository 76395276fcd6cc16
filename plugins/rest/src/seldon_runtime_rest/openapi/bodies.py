"""Bodies that are one value, in the OpenAPI document: requests and answers that are not JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from seldon_runtime_rest.media.formats import FORMATS
from seldon_runtime_rest.openapi.examples import columns_of, json_value, value_of
from seldon_runtime_rest.openapi.schemas import JsonDict

_TEXT: JsonDict = {"type": "string"}
_FILE: JsonDict = {"type": "string", "format": "binary"}
_PICTURES = ("image/jpeg", "image/png")
_TABLES = frozenset({"text/csv", "application/vnd.apache.arrow.stream"})
_OF_KIND: Mapping[str, frozenset[str]] = {
    "strData": frozenset({"text/plain"}),
    "binData": frozenset({"image/*", "application/octet-stream"}),
    "data": _TABLES | {"application/x-npy"},
}
"""The media types whose bodies can become such an input."""
_MOST_NAMES = 100


def request_bodies(inputs: Sequence[Mapping[str, Any]]) -> JsonDict:
    """Return the content of a request body by media type, of those that fit the inputs; all without any."""
    fitting = {media_type for item in inputs for media_type in _fitting(item)}
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
        return {"schema": _TEXT, "example": _text(inputs)}
    return {"schema": _schema(media_type)}


def _text(inputs: Sequence[Mapping[str, Any]]) -> str:
    values = [
        json_value(item.get("schema") or {}) for item in inputs if item.get("messagetype") == "jsonData"
    ]
    texts = [value[0] for value in values if isinstance(value, list) and value and isinstance(value[0], str)]
    return texts[0] if texts else "text"


def _schema(media_type: str) -> JsonDict:
    return _TEXT if media_type.startswith("text/") else _FILE


def _fitting(item: Mapping[str, Any]) -> frozenset[str]:
    kind = item.get("messagetype")
    if kind in ("tensor", "ndarray", "tftensor", None):
        return _OF_KIND["data"]
    if kind != "jsonData":
        return _OF_KIND.get(kind, _OF_KIND["binData"])  # media types of inputs are bytes
    value = json_value(item.get("schema") or {})
    if isinstance(value, list) and value and isinstance(value[0], str):
        return _OF_KIND["strData"]
    return _TABLES if _row(value) else frozenset()


def _row(value: Any) -> Mapping[str, Any]:
    """Return a record, or the first of a list of records; nothing for another value."""
    row = value[0] if isinstance(value, list) and value else value
    return row if isinstance(row, Mapping) else {}


def _csv(inputs: Sequence[Mapping[str, Any]]) -> str:
    if columns := columns_of(inputs):
        return _lines({item["name"]: value_of(item["datatype"]) for item in columns})
    records = [
        json_value(item.get("schema") or {}) for item in inputs if item.get("messagetype") == "jsonData"
    ]
    if row := next(filter(None, map(_row, records)), None):
        return _lines(row)
    schemas = [item.get("schema") for item in inputs]
    told: Mapping[str, Any] = next((schema for schema in schemas if isinstance(schema, Mapping)), {})
    names = told.get("names") or ["a", "b"]
    return _lines(dict.fromkeys(names[:_MOST_NAMES], value_of(told.get("datatype", "FP64"))))


def _lines(row: Mapping[str, Any]) -> str:
    """Return the names and one row as CSV."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(row)
    writer.writerow([value if isinstance(value, str) else json.dumps(value) for value in row.values()])
    return text.getvalue()
