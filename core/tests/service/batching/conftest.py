"""Tests of ``seldon_runtime.service.batching``.

Modules without a test module of their name, and the tests that hold them:
    batcher: plugins/batching/tests/test_batcher.py
    batch_queue: core/tests/service/batching/test_pipeline.py
    waiting: core/tests/service/batching/test_pipeline.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from seldon_runtime.service.batching.batcher import Batcher
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer

from .held import Doubles, Held

Serve = Callable[..., ComponentService]


@pytest.fixture
def held(serve: Serve) -> Iterator[Callable[..., Held]]:
    made: list[Held] = []

    def held(batcher: Batcher, user: object = None, parts: Sequence[Any] = (), **options: Any) -> Held:
        service = serve(user or Doubles(), **options)
        service.attach(
            [part for part in parts if isinstance(part, Observer)],
            [part for part in parts if isinstance(part, Interceptor)],
        )
        service.batch(batcher)
        made.append(Held(service))
        return made[-1]

    yield held
    for one in made:
        one._opened.set()
