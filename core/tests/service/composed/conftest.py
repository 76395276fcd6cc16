"""Tests of ``seldon_runtime.service.composed``: services of several components, with real threads.

Modules without a test module of their name, and the tests that hold them:
    strand, unit_stream: core/tests/service/composed/test_steps.py
    call_end: core/tests/service/composed/test_service.py, core/tests/service/composed/test_streams.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.inference.identity import Identity
from seldon_runtime.inference.predictor import Predictor
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing import WAIT_S

from .chains import Chain

MakeUnit = Callable[..., Unit]


@pytest.fixture
def make_unit() -> Iterator[MakeUnit]:
    """``make_unit(user, queue_size=1000)``: a component with a thread of its own."""
    executors: list[Executor] = []

    def make_unit(user: Any, queue_size: int = 1000) -> Unit:
        executors.append(Executor(queue_size=queue_size))
        executors[-1].start()
        identity = Identity(unit=type(user).__name__)
        predictor = user if isinstance(user, Predictor) else ComponentAdapter(user, identity)
        return Unit(predictor, executors[-1], identity, user=user)

    yield make_unit
    for executor in executors:
        assert executor.stop(WAIT_S)


@pytest.fixture
def chain(make_unit: Any) -> Callable[..., Chain]:
    """``chain(*users, queue_size=1000, of=Chain, **of_the_service)``: their service."""

    def chain(*users: object, queue_size: int = 1000, of: type[Chain] = Chain, **options: Any) -> Chain:
        return of([make_unit(user, queue_size) for user in users], **options)

    return chain
