"""The suite that every batcher of the runtime passes."""

from __future__ import annotations

from seldon_my_name.batcher import MyNameBatcher

from seldon_runtime.plugin import Batcher, Service
from seldon_runtime.testing import BatcherContract


class TestMyName(BatcherContract):
    splits_errors = True  # False for a batcher that fails all callers of a batch

    def make_batcher(self, service: Service) -> Batcher:
        return MyNameBatcher(32, 0.0)
