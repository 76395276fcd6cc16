"""The estimated memory of parsed JSON: never far below what parsing takes, and blind to text in strings."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.inference.codec import Codec
from seldon_runtime.protocols import json_memory as json_memory_module
from seldon_runtime.protocols.json_memory import coarse_json_memory, json_memory

COUNT = 20_000
LEAST = 16 * 1024
"""No shorter request is estimated: NumPy may make an array of a megabyte of any text."""
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.sampled_from('a",:[]{}\\é\U0001f600')),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


def measured(text: bytes) -> int:
    """The most memory that the standard library takes for the value, its text not included."""
    tracemalloc.start()
    value = json.loads(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del value
    return peak


@pytest.mark.parametrize(
    "item",
    [
        "[]",
        "{}",
        '{"a":0}',
        "[[[[0]]]]",
        '"ab"',
        "1.5",
        "-6",
        "300",
        "1e9",
        "0",
        '{"a":12,"height":1.85,"name":"J"}',
    ],
)
def test_small_values_are_estimated_at_what_they_take_or_a_little_more(item: str) -> None:
    text = f"[{','.join([item] * COUNT)}]".encode()
    assert measured(text) <= json_memory(text) <= 4 * measured(text)


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_no_kind_of_value_takes_much_more_than_its_estimate(values: list[Any]) -> None:
    text = json.dumps(values * 200).encode()
    assert measured(text) <= 1.5 * json_memory(text) + 10_000


@given(st.lists(VALUES, min_size=1, max_size=5), st.integers(1, 200), st.booleans())
def test_a_coarse_estimate_is_never_lower(values: list[Any], times: int, makes_arrays: bool) -> None:
    text = json.dumps(values * times, ensure_ascii=False).encode()
    assert coarse_json_memory(text) >= json_memory(text, makes_arrays=makes_arrays)


@pytest.mark.parametrize("value", ["1,", '"",', '"a",', '1,"a",', "[1],", '[1,"a"],', "0,"])
@pytest.mark.parametrize("width", [0, 40, 4000])
def test_nor_is_it_lower_where_one_text_makes_an_array_wide(value: str, width: int) -> None:
    text = f'{{"data":{{"ndarray":[{value * COUNT}"{"a" * width}"]}}}}'.encode()
    assert coarse_json_memory(text) >= json_memory(text, makes_arrays=True)


@pytest.mark.parametrize("escape", [b'\\"', b"\\\\", b'\\\\\\"', b"\\u0041"])
@pytest.mark.parametrize("shift", range(3))
def test_signs_in_strings_do_not_count(escape: bytes, shift: int) -> None:
    """In pieces of any length: an escape may lie where one piece ends."""
    plain = b'["' + b"x" * 300_000 + b'"]'
    text = b'["' + b"x" * shift + (escape + b"[,:{},") * (300_000 // (len(escape) + 6)) + b'"]'
    assert json_memory(text) <= 2 * json_memory(plain)


def test_signs_behind_strings_count() -> None:
    behind = b"[" + b"[]," * 100_000 + b"0]"
    text = b'["' + b'\\"' * 50_000 + b'\\\\",' + behind + b"]"
    assert json_memory(text) >= json_memory(behind)


def test_a_text_with_wide_characters_takes_more() -> None:
    narrow, wide = b'["' + b"a" * 99_996 + b'"]', b'["' + b"a" * 99_992 + "\U0001f600".encode() + b'"]'
    assert json_memory(wide) > 1.7 * json_memory(narrow)
    assert json_memory(b'["' + b"a" * 99_000 + b'\\ud83d\\ude00"]') > 1.7 * json_memory(narrow)


def counted(text: bytes) -> dict[str, int]:
    """Count byte by byte."""
    found = dict.fromkeys(["empties", "containers", "members", "items", "quotes", "outside", "longest"], 0)
    names = {"[": "containers", "{": "containers", ":": "members", ",": "items"}
    before, length = "", None  # the length of a string, as far as it was read
    signs = iter(text.decode("latin-1"))
    for sign in signs:
        if sign == '"':
            found["quotes"] += 1
            found["longest"] = max(found["longest"], length or 0)
            length = 0 if length is None else None
        elif length is None:
            found["outside"] += 1
            if sign in names:
                found[names[sign]] += 1
            found["empties"] += before + sign in ("[]", "{}")
        else:
            length += 1
            if sign == "\\":
                next(signs)
                length += 1
        before = sign
    return found


@given(VALUES, st.booleans())
def test_the_counts_are_those_of_a_reader_that_goes_byte_by_byte(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii).encode()
    assert asdict(json_memory_module._counts(text)) == counted(text)


@given(VALUES, st.booleans(), st.integers(1, 7))
def test_the_counts_do_not_depend_on_the_pieces(value: Any, is_ascii: bool, piece_bytes: int) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii).encode()
    whole = json_memory_module._counts(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_memory_module, "_PIECE_BYTES", piece_bytes)
        found = json_memory_module._counts(text)
    assert found.empties <= whole.empties
    assert replace(found, empties=whole.empties) == whole


@given(VALUES)
def test_no_json_takes_more_than_the_multiple_that_needs_no_estimate(value: Any) -> None:
    text = json.dumps(value, separators=(",", ":")).encode()
    assert json_memory(text, makes_arrays=True) <= Codec.memory_times * max(len(text), LEAST)


@pytest.mark.parametrize("depth", [1, 2, 10, 128])
def test_lists_in_lists_take_the_most_and_stay_below_the_multiple(depth: int) -> None:
    text = b"[" * depth + b"]" * depth
    assert json_memory(text, makes_arrays=True) <= Codec.memory_times * max(len(text), LEAST)


@pytest.mark.parametrize("value", ["1,", '"",', '"a",', '1,"a",', "[1],", '[1,"a"],', "0,"])
@pytest.mark.parametrize("width", [0, 40, 400, 4000])
def test_values_beside_text_stay_below_the_multiple(value: str, width: int) -> None:
    text = f'{{"data":{{"ndarray":[{value * COUNT}"{"a" * width}"]}}}}'.encode()
    assert json_memory(text, makes_arrays=True) <= Codec.memory_times * len(text)
