"""What a transport makes a call of."""

from __future__ import annotations

import pytest

from seldon_runtime.inference.call import request_id_from


@pytest.mark.parametrize("text", ["a", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "!~", "x" * 128])
def test_a_short_printable_request_id_is_taken(text: str) -> None:
    assert request_id_from(text) == text


@pytest.mark.parametrize("text", [None, "", "a b", "é", "x" * 129, "a\n", "\x7f"])
def test_any_other_request_id_is_not(text: str | None) -> None:
    assert request_id_from(text) is None
