"""The plugin's options."""

from __future__ import annotations

from typing import Any

import pytest

SOURCE = "class Echo:\n    def predict(self, X, names):\n        return X\n"


@pytest.mark.parametrize("sizes", ["8,x", "0", "64"])
def test_sizes_that_are_none_stop_the_start(seldon_run: Any, sizes: str) -> None:
    words = ("--extension", "batching", "--batch-preferred-sizes", sizes)
    process = seldon_run("Echo", "REST", *words, source=SOURCE, wait=False)
    assert process.wait() == 3
    assert "expected numbers from 1 to 32 (--batch-max-size)" in process.log


def test_predict_batch_beside_async_methods_stops_the_start(seldon_run: Any) -> None:
    source = """
        class Both:
            async def predict(self, X, names):
                return X

            def predict_batch(self, requests):
                return [request.data for request in requests]
    """
    process = seldon_run("Both", "REST", "--extension", "batching", source=source, wait=False)
    assert process.wait() == 3
    assert "Both has predict_batch and async methods, expected one of them" in process.log
