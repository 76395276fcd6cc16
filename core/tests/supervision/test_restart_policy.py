"""How soon a worker is started again after those before it have ended."""

from __future__ import annotations

import pytest

from seldon_runtime.supervision.restart_policy import RestartPolicy


def after(*ends: tuple[bool, float]) -> RestartPolicy:
    """When workers have ended that were ready or not, so many seconds old."""
    policy = RestartPolicy()
    for was_ready, age_s in ends:
        policy.count(was_ready=was_ready, age_s=age_s)
    return policy


def test_the_first_is_started_again_at_once_and_the_next_ones_later_and_later() -> None:
    delays = [after(*[(False, 1.0)] * failures).delay_s for failures in range(1, 13)]
    assert delays[:4] == pytest.approx([0, 0.1, 0.2, 0.4])
    assert delays == sorted(delays)
    assert delays[-1] == 30


def test_one_that_fails_for_days_beside_another_that_serves_is_tried_on_and_on() -> None:
    assert after(*[(False, 1.0)] * 10_000).delay_s == 30


@pytest.mark.parametrize(
    ("last", "is_counted_on"), [((True, 11.0), False), ((True, 9.0), True), ((False, 100.0), True)]
)
def test_one_that_was_stable_ends_the_row(last: tuple[bool, float], is_counted_on: bool) -> None:
    policy = after(*[(False, 1.0)] * 4, last)
    assert policy.is_hopeless is is_counted_on
    assert (policy.delay_s > 0) is is_counted_on


def test_there_is_no_hope_after_five_in_a_row() -> None:
    assert [after(*[(True, 1.0)] * ends).is_hopeless for ends in (4, 5, 6)] == [False, True, True]
