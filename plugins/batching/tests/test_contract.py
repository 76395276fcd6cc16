"""The batcher of the plugin as every batcher: the public contract suite."""

from __future__ import annotations

from typing import Any

from seldon_runtime.plugin import Batcher, Service
from seldon_runtime.testing import BatcherContract
from seldon_runtime_batching.plugin import seldon_batcher

SETTINGS = {
    "batch_max_size": 32,
    "batch_max_wait_ms": 0.0,
    "batch_preferred_sizes": "",
    "batch_on_error": "split",
    "batch_on_mismatch": "fail",
}


class RowsContract(BatcherContract):
    chosen: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it

    def make_batcher(self, service: Service) -> Batcher:
        settings: Any = SETTINGS | self.chosen
        batcher = seldon_batcher(service, settings)
        assert batcher is not None
        return batcher


class TestRows(RowsContract):
    pass


class TestSmallBatches(RowsContract):
    chosen = {"batch_max_size": 4, "batch_preferred_sizes": "3,2", "batch_on_mismatch": "alone"}  # noqa: RUF012


class TestErrorsOfAll(RowsContract):
    chosen = {"batch_on_error": "fail"}  # noqa: RUF012
    splits_errors = False
