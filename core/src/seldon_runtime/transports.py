"""The transports of one process: all of them are started, or none; each is stopped, whatever others do."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from seldon_runtime.errors import StartupError
from seldon_runtime.transport import Transport

logger = logging.getLogger(__name__)


class Transports:
    """In the order of the configuration. For the main thread.

    Args:
        collected: what each plugin gives, with the plugin's name for messages.

    Raises:
        StartupError: two plugins give transports that settings and logs could not tell apart.
    """

    def __init__(self, collected: Iterable[tuple[str, Transport]]) -> None:
        self._all: list[Transport] = []
        self._started: list[Transport] = []
        owners: dict[str, str] = {}
        for label, transport in collected:
            owner = owners.setdefault(transport.name.lower(), label)
            if owner != label:
                raise StartupError(
                    f"{label} gives a transport with the name {transport.name!r}, which {owner} gives too. "
                    "Leave one of them out"
                )
            self._all.append(transport)
        self.names = frozenset(owners)
        """In lower case."""

    def __iter__(self) -> Iterator[Transport]:
        return iter(self._all)

    def start(self) -> None:
        """Bind and serve.

        Raises:
            StartupError: one cannot; those that had been started are stopped again.
        """
        try:
            for transport in self._all:
                self._start(transport)
        except BaseException:
            self.stop(time.monotonic())
            raise

    def _start(self, transport: Transport) -> None:
        try:
            transport.start()
            self._started.append(transport)
            transport.address  # noqa: B018 - asked for here, where a fault of it stops the start
        except StartupError:
            raise
        except (Exception, SystemExit) as error:
            raise StartupError(
                f"transport {transport.name} failed to start: {type(error).__name__}: {error}"
            ) from error

    def stop(self, deadline: float) -> None:
        """Have all take no new work, then let each finish what it has accepted. Blocks until ``deadline``, on
        the clock of ``time.monotonic``. What has been stopped stays so."""
        started, self._started = self._started, []
        for transport in started:
            _survive(transport.name, transport.stop_accepting)
        for transport in started:
            _survive(transport.name, partial(transport.stop, max(0.0, deadline - time.monotonic())))


def _survive(name: str, stop: Callable[[], None]) -> None:
    """Stop a transport; a fault of one must not keep the others, and accepted calls, from their end."""
    try:
        stop()
    except (Exception, SystemExit):
        logger.exception("transport %s failed to stop", name)
