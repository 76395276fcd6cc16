"""The quick ways for elements behind their lengths, against one element after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seldon_runtime_v2.tensors.binary import from_binary, to_binary
from seldon_runtime_v2.tensors.datatypes import BYTES
from seldon_runtime_v2.tensors.length_prefixed import FEW, joined_texts, split_elements, split_texts

SHORT = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9)
)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=FEW)


def plain(elements):
    return b"".join(len(element).to_bytes(4, "little") + element for element in elements)


def encoded(texts):
    return [text.encode() for text in texts]


def read_one_by_one(data, count):
    """Return the elements if they fill the data exactly; else None."""
    elements, start = [], 0
    for _ in range(count):
        first = start + 4
        if first > len(data):
            return None
        start = first + int.from_bytes(data[start:first], "little")
        elements.append(data[first:start])
    return elements if start == len(data) else None


@given(SHORT.map(lambda texts: (texts or ["a"]) * FEW))
def test_short_texts_without_zeros_take_the_quick_way(texts):
    data = plain(encoded(texts))
    assert split_elements(data, len(texts)) == encoded(texts)
    assert split_texts(data, len(texts)) == texts
    assert joined_texts(texts) == data


@given(TEXTS)
@example(["a" * 255] * FEW)
@example(["a" * 256] * FEW)
@example(["\0"] * FEW)
@example(["a\0\0\0b"] + ["a"] * FEW)
@example([""] * FEW)
def test_both_ways_are_the_same(texts):
    data = plain(encoded(texts))
    assert split_elements(data, len(texts)) in (None, encoded(texts))
    assert split_texts(data, len(texts)) in (None, texts)
    assert joined_texts(texts) in (None, data)
    array = np.array(texts, object)
    assert to_binary(array, BYTES) == data
    for prefers_text in (False, True):
        found = from_binary(
            BYTES, [len(texts)], len(texts), data, 0, len(data), "x", prefers_text=prefers_text
        )
        assert found.tolist() in (encoded(texts), texts if prefers_text else None)


@given(
    st.lists(
        st.sampled_from([b"\0", b"\1", b"\2", b"a", b"\0\0\0", b"\1\0\0\0a", b"\2\0\0\0ab", b"\xff"])
    ).map(b"".join),
    st.integers(FEW, FEW + 4),
)
@example(b"\1\0\0\0a" * FEW + b"\0", FEW)
@example(b"\1\0\0\0a" * FEW + b"\0\0\0", FEW + 1)
@example(b"\2\0\0\0a" + b"\1\0\0\0a" * FEW, FEW + 1)
@example(b"a\0\0\0a" * FEW, FEW)
def test_no_data_are_read_otherwise_than_one_by_one(data, count):
    assert split_elements(data, count) in (None, read_one_by_one(data, count))


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=FEW))
def test_text_is_utf8(elements):
    data = plain(elements)
    found = split_texts(data, len(elements))
    assert found is None or encoded(found) == elements


@pytest.mark.parametrize("texts", [["a"] * (FEW - 1), []])
def test_few_elements_are_read_one_by_one(texts):
    data = plain(encoded(texts))
    assert split_elements(data, len(texts)) is None
    assert joined_texts(texts) is None
