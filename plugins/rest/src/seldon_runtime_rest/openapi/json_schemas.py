"""JSON schemas of a component's own types: without references, and examples that fit them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST = 8
_MOST_ITEMS = 10
_BY_FORMAT = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "time": "03:04:05Z",
    "duration": "PT1M",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "email": "name@example.org",
    "uri": "https://example.org/",
}
_BY_TYPE: Mapping[str, Any] = {"boolean": True, "null": None}


def inlined(schema: Any) -> Any:
    """Return a schema with its ``$defs`` in place of references; a type inside itself is any value."""
    definitions = schema.get("$defs", {}) if isinstance(schema, Mapping) else {}
    return _inlined(schema, definitions, ())


def example_of(schema: Any, depth: int = 0) -> Any:
    """Return a value that fits a schema without references, from its examples where it has some."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return {}
    examples = schema.get("examples")
    if isinstance(examples, Sequence) and examples:
        return examples[0]
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example_of(schema[key][0], depth)
    return _of_type(schema, depth)


def _of_type(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})] * min(
            _MOST_ITEMS, max(1, schema.get("minItems", 1))
        )
        return [example_of(item, depth + 1) for item in items]
    if kind in ("integer", "number"):
        return _number(schema, 1 if kind == "integer" else 1.0)
    if kind == "string":
        text: str = _BY_FORMAT.get(schema.get("format", ""), "text")
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    if isinstance(kind, str) and kind in _BY_TYPE:
        return _BY_TYPE[kind]
    members = schema.get("properties", {})
    required = schema.get("required", list(members))
    return {name: example_of(members[name], depth + 1) for name in members if name in required}


def _number(schema: Mapping[str, Any], usual: float) -> float:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    value = usual
    if low is not None and (value < low or ("exclusiveMinimum" in schema and value <= low)):
        value = low + (usual if "exclusiveMinimum" in schema else 0)
    return high if high is not None and value > high else value


def _inlined(part: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    if isinstance(part, Mapping):
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in within:
            return {}
        if name in definitions:
            return _inlined(definitions[name], definitions, (*within, name))
        return {key: _inlined(value, definitions, within) for key, value in part.items() if key != "$defs"}
    if isinstance(part, list):
        return [_inlined(item, definitions, within) for item in part]
    return part
