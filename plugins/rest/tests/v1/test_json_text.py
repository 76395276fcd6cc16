"""JSON text: what is read and written, and what becomes of values JSON has no words for."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_rest.v1.json_text import dumper, fragment, loads

TEXTS = st.text(st.characters(codec="utf-8")) | st.text(st.characters())  # the second with lone surrogates
WHOLE = st.integers() | st.integers(-(10**400), 10**400)
EXACT = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
"""JSON values without floats: there is one way only to write them."""
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
STYLES = st.fixed_dictionaries(
    {"sort_keys": st.booleans(), "ascii_only": st.booleans(), "indent": st.booleans()}
)
HUGE = 2**70  # orjson refuses it, so that the standard library writes the whole text


@given(VALUES, STYLES)
def test_reading_what_was_written_gives_the_same_value(value, style):
    assert loads(dumper(**style)(value)) == value


@given(VALUES)
def test_reading_text_and_reading_its_bytes_is_the_same(value):
    text = json.dumps(value)
    assert loads(text) == loads(text.encode()) == loads(text.encode("utf-16")) == value


@given(EXACT, st.booleans(), st.booleans())
def test_the_text_is_the_one_that_the_standard_library_writes(value, sort_keys, indent):
    expected = json.dumps(
        value,
        sort_keys=sort_keys,
        indent=2 if indent else None,
        separators=None if indent else (",", ":"),
    )
    assert dumper(sort_keys=sort_keys, indent=indent)(value) == expected.encode() + b"\n"


@given(VALUES, st.dictionaries(TEXTS, VALUES, max_size=3), STYLES, st.sampled_from(NonFinite))
def test_a_member_that_is_written_already_is_written_like_any_other(member, others, style, non_finite):
    dumps = dumper(**style, non_finite=non_finite)
    kept = fragment(dumps(member))
    assert dumps({**others, "meta": kept}) == dumps({**others, "meta": member})


@given(st.text(st.characters(codec="utf-8")))
def test_text_is_left_as_it_is_when_ascii_is_not_asked_for(text):
    assert dumper(ascii_only=False)([text]) == json.dumps([text], ensure_ascii=False).encode() + b"\n"


def test_half_a_surrogate_pair_is_escaped_even_when_ascii_is_not_asked_for():
    assert dumper(ascii_only=False)(["\ud800", "é"]) == b'["\\ud800","\\u00e9"]\n'


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1,]", b"nul", b"'a'", b"{1:2}", b'"\n"', b"\xff\xfe\x00", b"\x80", b"1 2", b"--1"]
)
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever parser looked at it last
        loads(text)


def test_bare_words_for_nan_and_infinities_are_read():
    assert math.isnan(loads(b"[NaN]")[0])
    assert loads(b"[Infinity,-Infinity,1e999]") == [math.inf, -math.inf, math.inf]


def test_a_byte_order_mark_is_read_over():
    assert loads(b"\xef\xbb\xbf[1]") == [1]


def test_numbers_with_more_digits_than_python_converts_are_a_value_error():
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever parser looked at it last
        loads(b"1" * 10_000)


@given(hnp.arrays(hnp.integer_dtypes() | hnp.boolean_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)))
def test_arrays_of_whole_numbers_and_booleans_are_exact(array):
    assert loads(dumper()({"x": array})) == {"x": array.tolist()}


@given(
    hnp.arrays(
        hnp.floating_dtypes(endianness="?", sizes=(64,)),
        hnp.array_shapes(min_side=0),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_arrays_of_floats_are_exact(array):
    assert loads(dumper()(array)) == array.tolist()


@pytest.mark.parametrize("layout", ["fortran", "slice", "swapped bytes", "transposed"])
def test_arrays_of_any_layout_are_written_by_their_values(layout):
    array = np.arange(12.0).reshape(3, 4)
    view = {
        "fortran": np.asfortranarray(array),
        "slice": array[::2, ::-1],
        "swapped bytes": array.astype(array.dtype.newbyteorder()),
        "transposed": array.T,
    }[layout]
    assert loads(dumper()(view)) == view.tolist()


@pytest.mark.parametrize("dtype", ["U3", "O", "float16", "float32", "longdouble", "uint64", "int8"])
def test_arrays_of_other_kinds_are_written_by_their_values(dtype):
    array = np.array([1, 2], dtype)
    assert loads(dumper()([array, array[0]])) == [array.tolist(), array.tolist()[0]]


NAN = float("nan")
NON_FINITE = {
    "list": [NAN, math.inf, -math.inf, 1.5],
    "tuple": (NAN, math.inf, -math.inf, 1.5),
    "array": np.array([NAN, math.inf, -math.inf, 1.5]),
    "array of 32 bits": np.array([NAN, math.inf, -math.inf, 1.5], np.float32),
    "array of objects": np.array([NAN, math.inf, -math.inf, 1.5], object),
    "scalars of 64 bits": [np.float64(NAN), np.float64(math.inf), np.float64(-math.inf), np.float64(1.5)],
    "scalars of 32 bits": [np.float32(NAN), np.float32(math.inf), np.float32(-math.inf), np.float32(1.5)],
    "array of no dimension": [np.array(NAN), np.array(math.inf), np.array(-math.inf), np.array(1.5)],
}


@pytest.mark.parametrize("value", NON_FINITE.values(), ids=NON_FINITE)
@pytest.mark.parametrize("beside", [None, HUGE], ids=["orjson", "json"])
class TestNonFiniteNumbers:
    def test_become_null(self, value, beside):
        assert loads(dumper()([beside, value])) == [beside, [None, None, None, 1.5]]

    def test_become_text(self, value, beside):
        text = dumper(non_finite=NonFinite.STRING)({"a": [beside, value]})
        assert loads(text) == {"a": [beside, ["NaN", "Infinity", "-Infinity", 1.5]]}

    def test_are_an_error(self, value, beside):
        with pytest.raises(ValueError, match="is not a valid JSON number"):
            dumper(non_finite=NonFinite.ERROR)({"a": [beside, value]})


@pytest.mark.parametrize("policy", NonFinite)
def test_finite_numbers_are_written_whatever_the_policy(policy):
    assert loads(dumper(non_finite=policy)([1.5, np.float32(0.5), np.array([1.5, 2])])) == [
        1.5,
        0.5,
        [1.5, 2.0],
    ]


@pytest.mark.parametrize("beside", [None, HUGE], ids=["orjson", "json"])
@pytest.mark.parametrize(
    ("key", "text"),
    [
        (1, "1"),
        (True, "true"),
        (None, "null"),
        (1.5, "1.5"),
        (np.int64(7), "7"),
        (np.str_("s"), "s"),
        (np.bool_(False), "false"),
    ],
    ids=repr,
)
def test_keys_that_are_no_text_become_text(key, text, beside):
    assert loads(dumper()({key: beside})) == {text: beside}


def test_keys_of_different_types_are_sorted_as_text():
    assert dumper()({"b": HUGE, 1: 2, None: 3}) == b'{"1":2,"b":%d,"null":3}\n' % HUGE


@dataclass
class Point:
    x: int
    y: float


@pytest.mark.parametrize("beside", [None, HUGE], ids=["orjson", "json"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.10"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "2020-01-02T03:04:05+00:00"),
        (np.array(["2020-01-02"], "datetime64[D]").astype(object), ["2020-01-02"]),
        (NonFinite.NULL, "null"),
        (Point(1, 0.5), {"x": 1, "y": 0.5}),
    ],
    ids=repr,
)
def test_values_json_has_no_type_for_are_written_as_is_usual(value, text, beside):
    assert loads(dumper()([beside, value])) == [beside, text]


@pytest.mark.parametrize(
    "value", [{1j}, b"bytes", object, 1j, {(1, 2): 3}, np.complex128(1), np.clongdouble(1)], ids=repr
)
@pytest.mark.parametrize("beside", [None, HUGE], ids=["orjson", "json"])
def test_what_json_cannot_hold_is_a_type_error(value, beside):
    with pytest.raises(TypeError):
        dumper()([beside, value])


WRITES = """
import numpy as np
from seldon_runtime_rest.v1.json_text import dumper

dumps = dumper()
for dtype in ("f8", "f4", "i8"):
    longest = np.finfo(dtype).min if dtype[0] == "f" else np.iinfo(dtype).min
    values = np.full(1400, longest)
    for size in range(1, len(values)):
        dumps({"data": values[:size]})
"""
"""Writes texts of up to 33 KiB, whose buffer grows: its end is at each power of two."""


def test_writing_long_numbers_stays_within_the_memory_that_was_taken():
    """orjson 3.12.0 and 3.13.0 wrote behind its end; the C library's checks find that."""
    checks = next(Path("/lib").glob("*/libc_malloc_debug.so.0"), None)
    if checks is None:
        pytest.skip("needs glibc's libc_malloc_debug.so.0")
    env = {**os.environ, "LD_PRELOAD": str(checks), "MALLOC_CHECK_": "3", "PYTHONMALLOC": "malloc"}
    done = subprocess.run([sys.executable, "-c", WRITES], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
