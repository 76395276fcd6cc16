"""The observer: it counts calls by method and result."""

from __future__ import annotations

import threading
from collections import Counter

from seldon_runtime.plugin import Call, Observer, Outcome


class Counts(Observer):
    """The counts, and their text in the format of Prometheus."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()

    @property
    def total(self) -> int:
        """The number of calls so far."""
        with self._lock:
            return self._calls.total()

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Count a call. Runs on many threads, and the client waits for it: be quick."""
        code = "OK" if outcome.error is None else outcome.error.code.name
        with self._lock:
            self._calls[call.method.value, code] += 1

    def text(self) -> str:
        """Return the page. Labels need no escapes: methods and codes are words."""
        with self._lock:
            calls = sorted(self._calls.items())
        return "# TYPE my_name_calls_total counter\n" + "".join(
            f'my_name_calls_total{{method="{method}",code="{code}"}} {count}\n'
            for (method, code), count in calls
        )
