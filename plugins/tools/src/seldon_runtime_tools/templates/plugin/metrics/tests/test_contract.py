"""The suite that every observer of the runtime passes."""

from __future__ import annotations

from seldon_my_name.counts import Counts

from seldon_runtime.plugin import Observer
from seldon_runtime.testing import ObserverContract


class TestMyName(ObserverContract):
    def make_observer(self) -> Observer:
        return Counts()

    def calls_seen(self, observer: Observer) -> int:
        assert isinstance(observer, Counts)
        return observer.total
