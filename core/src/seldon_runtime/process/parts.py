"""The observers and interceptors of a process: their start and stop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TypeVar

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.slow_start import waiting_for
from seldon_runtime.process.bounded import Bounded
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.observer import Observer

T = TypeVar("T", Observer, Interceptor)

_LEAST_S = 0.1
"""Seconds for an object to stop when the time is over."""


class Parts:
    """The started observers and interceptors. For the main thread."""

    def __init__(self) -> None:
        self._started: list[tuple[str, Observer | Interceptor]] = []

    def start(self, collected: Iterable[tuple[str, T]]) -> list[T]:
        """Start the collected objects, and return them in the order of the configuration.

        Raises:
            StartupError: an object failed to start; :meth:`stop` stops the others.
        """
        started: list[T] = []
        for label, part in collected:
            try:
                with waiting_for(f"{type(part).__qualname__}.start of {label}"):
                    part.start()
            except StartupError:
                raise
            except (Exception, SystemExit) as error:
                raise StartupError(f"{label} failed to start: {type(error).__name__}: {error}") from error
            self._started.append((label, part))
            started.append(part)
        return started

    def stop(self, deadline: float) -> None:
        """Stop the started objects in reverse order, until ``deadline`` (``time.monotonic``).

        An object that blocks takes its share of the time, and the log names it.
        """
        endings: list[Bounded] = []
        while self._started:
            now = time.monotonic()
            left_s = max(0.0, deadline - now)
            share_s = left_s / len(self._started)
            label, part = self._started.pop()
            what = f"{type(part).__qualname__} of {label} failed to stop"
            endings.append(Bounded(what, partial(part.stop, left_s)))
            endings[-1].wait(now + max(share_s, _LEAST_S))
        for ending in endings:
            ending.finish(max(deadline, time.monotonic() + _LEAST_S))
