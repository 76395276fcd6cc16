"""Limits: exact at the bound, and named in the message."""

from __future__ import annotations

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.limits import Limits, check_empty_shape


def test_a_body_may_have_as_many_bytes_as_the_limit() -> None:
    limits = Limits(max_body_bytes=10)
    limits.check_body(10)
    with pytest.raises(SeldonError, match=r"11 bytes or more, at most 10 .*SELDON_MAX_BODY_BYTES") as caught:
        limits.check_body(11)
    assert caught.value.code is ErrorCode.TOO_LARGE


def test_an_array_may_have_as_many_values_as_the_limit() -> None:
    limits = Limits(max_array_values=10)
    limits.check_values(10, "data.ndarray")
    with pytest.raises(SeldonError, match=r"data.ndarray has 11 values, at most 10 .*ARRAY_VALUES") as caught:
        limits.check_values(11, "data.ndarray")
    assert caught.value.code is ErrorCode.BAD_DATA


def test_a_request_may_take_as_much_memory_as_the_limit() -> None:
    limits = Limits(max_request_memory=10)
    limits.check_memory(10)
    with pytest.raises(
        SeldonError, match=r"request .* 11 bytes .*, at most 10 .*MAX_REQUEST_MEMORY"
    ) as caught:
        limits.check_memory(11)
    assert caught.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize(
    "sizes",
    [[0], [0, 10_000], [10_000, 0], [100, 100, 0], [0, 224, 224, 3], [-1, 10_000], [0, 10_000, 10_000]],
)
def test_an_empty_array_may_have_rows_and_columns_up_to_the_limit(sizes: list[int]) -> None:
    check_empty_shape(sizes, "shape")


@pytest.mark.parametrize(
    "sizes",
    [
        *([0, 10_001], [10_001, 0], [100, 101, 0], [10_000, 10_000, 0], [10_000, 10_000, -1]),
        *([0, 2**70], [0, *[10_000] * 15]),
    ],
)
def test_an_empty_array_cannot_ask_for_endless_names_or_rows(sizes: list[int]) -> None:
    with pytest.raises(SeldonError, match=r"shape is .* without values, expected at most 10000 then"):
        check_empty_shape(sizes, "shape")
