"""Content-Type and Accept, as clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_rest.media.headers import accepted, media_type_of


@pytest.mark.parametrize(
    ("header", "name", "parameters"),
    [
        (b"text/csv", "text/csv", {}),
        (b"Text/CSV; Charset=UTF-8;header=absent", "text/csv", {"charset": "UTF-8", "header": "absent"}),
        (b'text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        (b"", "", {}),
        (b";;=", "", {"": ""}),
    ],
)
def test_a_media_type_and_its_parameters(header, name, parameters):
    found = media_type_of(header)
    assert found.name == name
    assert {key: value for key, value in found.parameters.items() if key} == {
        key: value for key, value in parameters.items() if key
    }


@pytest.mark.parametrize(
    ("header", "weights"),
    [
        (b"*/*", {"text/csv": 1, "application/json": 1}),
        (b"text/csv", {"text/csv": 1, "application/json": 0}),
        (b"text/*;q=0.5, text/csv;q=0, */*;q=0.1", {"text/plain": 0.5, "text/csv": 0, "image/png": 0.1}),
        (b"TEXT/CSV ; q=0.250", {"text/csv": 0.25}),
        (b"text/csv;q=2, nonsense, text/plain;q=x", {"text/csv": 0, "text/plain": 0}),
        (b"", {"text/csv": 0}),
    ],
)
def test_the_most_specific_range_weighs(header, weights):
    found = accepted(header)
    assert {media_type: found.weight(media_type) for media_type in weights} == weights


@given(st.binary(max_size=60))
def test_any_header_is_read(header):
    media_type_of(header)
    assert 0 <= accepted(header).weight("text/csv") <= 1
