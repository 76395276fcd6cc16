"""The values of all options, of the core and of the selected plugins, by option name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

DEFAULT_PORT = 5000


@dataclass(frozen=True, slots=True)
class Worker:
    """Which of the worker processes this is."""

    index: int = 0
    """From 0; a replacement has the index of the worker that it replaces, while that one may still drain."""
    count: int = 1
    """How many there are meant to be; 1 when there is no supervisor."""
    restarts: int = 0
    """How often a worker had ended unexpectedly and was started again, before this one started."""
    folder: Path | None = None
    """A folder of this run that all its workers may write to, private to the user, in memory where the system
    has that, removed at the end. None when there is no supervisor."""


def option(*names: str, **attributes: Any) -> click.Option:
    """A click option as :func:`seldon_runtime.hookspecs.seldon_options` is to give them: ``--help`` shows its
    variable and its default. Arguments are those of ``click.Option``."""
    return click.Option(names, show_envvar=True, show_default=True, **attributes)


class Settings(Mapping[str, Any]):
    """Read-only. ``settings["http_port"]`` is the value of the option ``--http-port``.

    Args:
        values: by option name, as click converted them.
        transports: the selected transports' names, in the order they were named.
        worker: the process that these are the settings of.
    """

    def __init__(
        self, values: Mapping[str, Any], transports: tuple[str, ...] = (), worker: Worker | None = None
    ) -> None:
        self._values = dict(values)
        self.transports = transports
        self.worker = worker or Worker()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def port_for(self, transport: str, own: int | None) -> int:
        """The port of a transport: its own option's value when given, else ``--service-port``
        (PREDICTIVE_UNIT_SERVICE_PORT, 5000) for the transport named first, one more for the next."""
        if own is not None:
            return own
        first: int = self._values.get("service_port", DEFAULT_PORT)
        position = self.transports.index(transport) if transport in self.transports else 0
        return first + position if first else 0
