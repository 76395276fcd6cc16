"""JSON schemas of a component's types: inlined, and examples that fit them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from seldon_runtime_rest.openapi.json_schemas import example_of, inlined

TREE = {
    "$ref": "#/$defs/Tree",
    "$defs": {
        "Tree": {
            "type": "object",
            "properties": {"size": {"type": "integer"}, "left": {"$ref": "#/$defs/Tree"}},
            "required": ["size"],
        }
    },
}

leaves = st.one_of(
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-5, 5)),
    st.builds(lambda high: {"type": "number", "maximum": high}, st.integers(-5, 5)),
    st.builds(lambda low: {"type": "integer", "exclusiveMinimum": low}, st.integers(-5, 5)),
    st.builds(lambda size: {"type": "string", "minLength": size}, st.integers(0, 9)),
    st.builds(lambda size: {"type": "string", "maxLength": size}, st.integers(0, 9)),
    st.sampled_from(
        [
            *({"type": kind} for kind in ("boolean", "null", "string", "number")),
            {"enum": ["a", "b"]},
            {"const": 3},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            {"type": ["string", "null"]},
            {},
        ]
    ),
)
schemas = st.recursive(
    leaves,
    lambda inner: (
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            st.integers(0, 3),
        )
        | st.builds(
            lambda members: {"type": "object", "properties": members, "required": list(members)},
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        )
    ),
    max_leaves=6,
)


@given(schema=schemas)
def test_an_example_fits_its_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(example_of(schema))


def test_references_are_replaced_and_a_type_inside_itself_is_any_value() -> None:
    found = inlined(TREE)
    assert found["properties"]["left"] == {}
    assert example_of(found) == {"size": 1}


@pytest.mark.parametrize("key", ["example", "default"])
def test_the_own_example_of_a_schema_comes_first(key: str) -> None:
    assert example_of({"type": "string", key: "own"}) == "own"
    assert example_of({"type": "string", "examples": ["first", "second"], key: "own"}) == "first"
