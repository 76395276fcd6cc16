from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.tensors.text import as_text, from_base64, from_dates


def objects(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_bytes_become_the_text_that_they_are(texts):
    assert as_text(objects(*[text.encode() for text in texts])).tolist() == texts


def test_one_element_that_is_not_utf8_leaves_all_as_bytes():
    array = objects(b"a", b"\xff")
    assert as_text(array) is array
    assert as_text(objects(b"a", b"b").reshape(2, 1)).tolist() == [["a"], ["b"]]


def test_text_stays_itself():
    array = objects("a", "b")
    assert as_text(array) is array


@given(st.lists(st.binary()))
def test_base64_becomes_the_bytes_that_it_stands_for(values):
    encoded = [base64.b64encode(value) for value in values]
    assert from_base64(objects(*encoded)).tolist() == values
    assert from_base64(objects(*[value.decode() for value in encoded])).tolist() == values


def test_text_that_is_not_base64_is_taken_as_it_is():
    assert from_base64(objects("not base64!", b"\xff")).tolist() == [b"not base64!", b"\xff"]


def test_dates_become_datetime64_in_utc():
    found = from_dates(objects("2026-01-02T03:04:05", b"2026-01-02T03:04:05.5+01:00", "2026-01-02"), "x")
    assert found.dtype == np.dtype("datetime64[us]")
    assert [str(date) for date in found] == [
        "2026-01-02T03:04:05.000000",
        "2026-01-02T02:04:05.500000",
        "2026-01-02T00:00:00.000000",
    ]
    beyond = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
    for wrong in ("yesterday", b"\xff", "", *beyond):
        with pytest.raises(SeldonError, match="at 0, expected a date and time of ISO 8601"):
            from_dates(objects(wrong), "x")
