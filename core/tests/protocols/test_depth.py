"""The depth of a JSON text, counted without parsing it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.protocols.depth import check_nesting


def too_deep(text: bytes, limit: int) -> bool:
    try:
        check_nesting(text, limit)
    except SeldonError as error:
        return (error.code, error.message) == (
            ErrorCode.BAD_DATA,
            f"the JSON nests deeper than {limit} levels (SELDON_MAX_NESTING)",
        )
    return False


def depth(value: Any) -> int:
    """The slow reference: walk what the parser made."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize("limit", [2, 7, 128])
@pytest.mark.parametrize(
    "text",
    [
        lambda n: b"[" * n + b"]" * n,
        lambda n: b'{"a":' * n + b"1" + b"}" * n,
        lambda n: b"[" + b"[]," * 500 + b"[" * (n - 1) + b"]" * n,
        lambda n: b"[" * n + b"]" * n + b" " * 50,
        lambda n: b' [ {"k": ' * (n // 2) + b"[" * (n % 2) + b"0" + b"]" * (n % 2) + b" } ] " * (n // 2),
    ],
)
def test_the_limit_is_exact(text: Any, limit: int) -> None:
    assert not too_deep(text(limit), limit)
    assert too_deep(text(limit + 1), limit)


@pytest.mark.parametrize("text", [rb'"["', rb'"\"["', rb'"\\"', rb'""'], ids=str)
@pytest.mark.parametrize("end", [rb"\\", b"x"], ids=["with a backslash", "without"])
def test_the_limit_of_a_long_text_is_exact(text: bytes, end: bytes) -> None:
    strings = b'%b,"%b%b"' % (text, b"x" * 20_000, end)
    for depth_, refused in ((7, False), (8, True)):
        assert too_deep(b"[" * depth_ + strings + b"]" * depth_, 7) is refused


JSON_VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text('[]{}"\\ab\x7fü', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=30,
)


@given(JSON_VALUES, st.integers(1, 6), st.booleans(), st.sampled_from([None, 1]))
def test_the_depth_is_that_of_the_parsed_value(
    value: Any, limit: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert too_deep(text, limit) == (depth(value) > limit)


@pytest.mark.parametrize(
    "inside", ["[[[[", "]]]]", '\\"[[[[', "\\\\", '\\\\\\"[[[[', "\\u005b[[[", "{{{{", '[\\"]\\"{']
)
def test_brackets_in_strings_do_not_count(inside: str) -> None:
    text = f'["{inside}", {{"{inside}": "x"}}, ["[{inside}]"]]'.encode()
    assert depth(json.loads(text)) == 2
    assert not too_deep(text, 2)
    assert too_deep(text, 1)


@pytest.mark.parametrize(
    "text",
    [b"", b"]" * 100, b"][" * 100, b'"' + b"[" * 100, b'"\\' + b"[" * 100, b'[]"\\', b"\xff[" + b"]" * 9],
)
def test_what_is_no_json_is_left_to_the_parser(text: bytes) -> None:
    check_nesting(text, 1)


def test_unclosed_brackets_are_refused_before_a_parser_meets_them() -> None:
    assert too_deep(b"[" * 100_000, 128)
    assert too_deep(b'{"a":' * 100_000, 128)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200 + b'\\"' * 1_000_000,
        b"[" * 200 + b'"' + b"a" * 2_000_000,
        b"[" * 200 + b'"' + b"\\" * 2_000_001,
        (b"[" * 127 + b"]" * 127) * 8_000,
    ],
    ids=["escaped quotes outside strings", "unclosed string", "unclosed escape", "deep hills"],
)
def test_hostile_text_is_looked_at_once(text: bytes) -> None:
    """In quadratic time the first of these would take hours."""
    too_deep(text, 128)
