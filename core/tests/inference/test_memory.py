"""The budget of all requests: taken while a request exists, and refused beyond it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.memory import HeldMemory, MemoryBudget


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_bodies_may_take_half_of_the_budget_and_reading_all_of_it() -> None:
    budget = MemoryBudget(100)
    bodies = [budget.for_body(25), budget.for_body(25)]
    with pytest.raises(SeldonError) as caught:
        budget.for_body(1)
    assert caught.value.code is ErrorCode.OVERLOADED
    assert caught.value.headers == {"Retry-After": "1"}
    assert (
        "take 50 bytes of memory, this one needs 1 more, and all together may take 50" in caught.value.message
    )
    bodies[0].grow(50)
    with pytest.raises(SeldonError, match=r"take 100 bytes .* may take 100 .SELDON_MEMORY_BUDGET."):
        bodies[1].grow(1)
    assert (bodies[0].size, bodies[1].size, budget.used_bytes) == (75, 25, 100)


@pytest.mark.usefixtures("no_collector")
def test_memory_returns_with_the_last_reference_to_it() -> None:
    budget = MemoryBudget(100)
    held = budget.for_body(30)
    other = held
    held.grow_body(10)
    del held
    assert budget.used_bytes == 40
    del other
    assert budget.used_bytes == 0


def test_a_refused_request_keeps_what_it_has_and_takes_nothing_more() -> None:
    budget = MemoryBudget(100)
    waiting, arriving = budget.for_body(40), budget.for_body(5)
    with pytest.raises(SeldonError):
        arriving.grow_body(6)
    assert (waiting.size, arriving.size, budget.used_bytes) == (40, 5, 45)


def test_a_request_that_is_alone_is_always_taken() -> None:
    budget = MemoryBudget(100)
    held = budget.for_body(80)
    held.grow_body(80)
    held.grow(80)
    reading = budget.for_reading(60, body=held)
    assert budget.used_bytes == 300
    del reading
    with pytest.raises(SeldonError):
        budget.for_reading(1)


def test_no_update_is_lost_between_threads() -> None:
    budget = MemoryBudget(1_000_000)
    kept: list[list[HeldMemory]] = [[] for _ in range(4)]

    def work(mine: list[HeldMemory]) -> None:
        for _ in range(500):
            budget.for_body(7).grow(3)
            mine.append(budget.for_body(1))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.used_bytes == 2000
    kept.clear()
    del work, threads, thread
    gc.collect()
    assert budget.used_bytes == 0
