"""The transports of a process: all start, or none; each stops, even if others fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from seldon_runtime.errors import StartupError
from seldon_runtime.plugins.slow_start import waiting_for
from seldon_runtime.process.bounded import Bounded
from seldon_runtime.transport.interface import Transport

_AT_ONCE_S = 0.1
_MARGIN_S = 1.0
"""Seconds for a transport to return after its time is over."""


class Transports:
    """The transports in the order of the configuration. For the main thread.

    Args:
        collected: the plugins' transports, each with the plugin's name for messages.
        selected: the names that ``API_TYPE`` selects. Other transports, such as a page of metrics, stop after
            these, so that they can show the last calls.

    Raises:
        StartupError: two plugins return transports of the same name.
    """

    def __init__(self, collected: Iterable[tuple[str, Transport]], selected: Collection[str] = ()) -> None:
        self._all: list[Transport] = []
        self._started: list[Transport] = []
        owners: dict[str, str] = {}
        for label, transport in collected:
            owner = owners.setdefault(transport.name.lower(), label)
            if owner != label:
                raise StartupError(
                    f"{label} returned a transport with the name {transport.name!r}, as {owner} did. "
                    "Leave one of them out"
                )
            self._all.append(transport)
        self._owners = owners
        self._selected = frozenset(name.lower() for name in selected)
        self.names = frozenset(owners)
        """The transports' names, in lower case."""

    def __iter__(self) -> Iterator[Transport]:
        return iter(self._all)

    def start(self) -> None:
        """Bind and serve.

        Raises:
            StartupError: a transport failed; the transports that had started are stopped again.
        """
        try:
            for transport in self._all:
                self._start(transport)
        except BaseException:
            self.stop(time.monotonic())
            raise

    def _start(self, transport: Transport) -> None:
        try:
            with waiting_for(f"the start of {self._described(transport)}"):
                transport.start()
            self._started.append(transport)
            transport.address  # noqa: B018 - a fault of it must stop the start
        except StartupError:
            raise
        except (Exception, SystemExit) as error:
            raise StartupError(
                f"transport {transport.name} failed to start: {type(error).__name__}: {error}"
            ) from error

    def stop(self, deadline: float) -> None:
        """Stop accepting on all transports, then let each finish its accepted calls; the selected ones first.

        Idempotent. Blocks until ``deadline``, on the clock of ``time.monotonic``, or a little longer when a
        transport does not return in time. The log names it, and the process goes on.
        """
        started, self._started = self._started, []
        self._end("stop accepting", [(each, each.stop_accepting) for each in started], time.monotonic())
        for is_selected in (True, False):
            grace_s = max(0.0, deadline - time.monotonic())
            group = [each for each in started if (each.name.lower() in self._selected) is is_selected]
            self._end("stop", [(each, partial(each.stop, grace_s)) for each in group], deadline)

    def _end(self, act: str, ends: Sequence[tuple[Transport, Callable[[], None]]], deadline: float) -> None:
        """Have all transports end at the same time, in their order as far as each returns at once."""
        endings: list[Bounded] = []
        deadline += _MARGIN_S
        for transport, end in ends:
            endings.append(Bounded(f"{self._described(transport)} failed to {act}", end))
            endings[-1].wait(time.monotonic() + _AT_ONCE_S)
            deadline += endings[-1].stood_still_s
        for ending in endings:
            ending.finish(deadline)
            deadline += ending.stood_still_s

    def _described(self, transport: Transport) -> str:
        return f"transport {transport.name} ({self._owners[transport.name.lower()]})"
