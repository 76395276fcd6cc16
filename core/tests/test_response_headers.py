"""The check of response headers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seldon_runtime.response_headers import valid_headers


def test_texts_stay_and_numbers_become_texts() -> None:
    given: dict[str, Any] = {"X-A": "é b", "retry-after": 3, "X-Share": 0.5, "X-Wide": np.int64(7), "X-E": ""}
    expected = {"X-A": "é b", "retry-after": "3", "X-Share": "0.5", "X-Wide": "7", "X-E": ""}
    assert valid_headers(given, "headers") == expected


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([("a", "b")], "expected a dict"),
        ("a: b", "expected a dict"),
        ({"X Own": "a"}, "the name 'X Own', expected that of an HTTP header"),
        ({"": "a"}, "the name ''"),
        ({5: "a"}, "the name 5"),
        ({"X-Own:": "a"}, "the name 'X-Own:'"),
        ({"X-Own": "a\r\nX-Other: b"}, r"'X-Own': 'a\\r\\nX-Other: b', expected a text without line breaks"),
        ({"X-Own": "☃"}, "ISO 8859-1"),
        ({"X-Own": None}, "'X-Own': None, expected a text"),
        ({"X-Own": True}, "'X-Own': True, expected a text"),
        ({"X-Own": ["a"]}, "expected a text"),
        ({"X-Own": b"a"}, "expected a text"),
        ({"Content-Type": "text/html"}, "'Content-Type', which the server sets itself"),
        ({"content-length": 1}, "which the server sets itself"),
        ({"Connection": "close"}, "which the server sets itself"),
    ],
)
def test_what_http_cannot_carry_is_refused_with_its_name_and_owner(headers: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        valid_headers(headers, "Own.headers")
    assert str(caught.value).startswith("Own.headers ")
