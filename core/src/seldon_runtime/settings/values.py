"""The values of all options, of the core and of the selected plugins, by option name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

logger = logging.getLogger(__name__)

DEFAULT_PORT = 5000
TRUE_WORDS = frozenset({"y", "yes", "t", "true", "on", "1"})
FALSE_WORDS = frozenset({"n", "no", "f", "false", "off", "0"})
"""The words of the Seldon v1 protocol, and of click, for a boolean, in lower case."""
_OWN_PREFIXES = ("SELDON_", "PERSISTENCE_")
_METAVARS = ((click.IntRange, "INTEGER"), (click.FloatRange, "NUMBER"))


@dataclass(frozen=True, slots=True)
class Worker:
    """The place of this process among the workers."""

    index: int = 0
    """From 0; a restarted worker has the index of the worker before it, which may still drain."""
    count: int = 1
    """Number of workers; 1 without a supervisor."""
    restarts: int = 0
    """Number of unexpected ends of workers before this one started."""
    folder: Path | None = None
    """A folder that all workers of this run share, private to the user, in memory if possible, removed at the
    end. None without a supervisor."""


class Option(click.Option):
    """A setting: an option of the command line with its place in the help text.

    Args:
        group: heading under which ``--help-all`` lists it; None: the plugin's own.
        common: list it in ``--help`` too, among the settings that most users need.
    """

    def __init__(
        self, *names: Any, group: str | None = None, common: bool = False, **attributes: Any
    ) -> None:
        metavar = next((word for kind, word in _METAVARS if isinstance(attributes.get("type"), kind)), None)
        attributes.setdefault("metavar", metavar)
        super().__init__(*names, **attributes)
        self.group = group
        self.common = common

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the text of the first variable that is set.

        In a switch of the Seldon v1 protocol, such as ``GUNICORN_ACCESS_LOG``, a text that is not a boolean
        counts as false, with a warning, as existing images expect. The runtime's own switches refuse it.
        """
        value = super().resolve_envvar_value(ctx)
        if value is None or not self.is_bool_flag or value.strip().lower() in TRUE_WORDS | FALSE_WORDS:
            return value
        names = [self.envvar] if isinstance(self.envvar, str) else list(self.envvar or ())
        source = next(name for name in names if os.environ.get(name))
        if source.startswith(_OWN_PREFIXES):
            return value
        logger.warning("%s is %r, expected true or false: it counts as false", source, value)
        return "false"


def option(*names: str, group: str | None = None, common: bool = False, **attributes: Any) -> Option:
    """Return a click option whose help text shows its environment variable and its default.

    Args:
        names: flags, and optionally the name of the setting, as ``click.Option`` takes them.
        group: heading under which ``seldon-run --help-all`` lists it. By default a plugin's options
            stand under the plugin's name.
        common: list it in ``seldon-run --help`` too. Reserved for the core.
        attributes: all further arguments of ``click.Option``.
    """
    return Option(names, group=group, common=common, show_envvar=True, show_default=True, **attributes)


class Settings(Mapping[str, Any]):
    """Read-only. ``settings["http_port"]`` is the value of the option ``--http-port``.

    Args:
        values: by option name, as click converted them.
        transports: the selected transports' names, in the order they were named.
        worker: the process that these are the settings of.
        protocols: the names of the protocols to serve.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        transports: tuple[str, ...] = (),
        worker: Worker | None = None,
        protocols: tuple[str, ...] = ("v1",),
    ) -> None:
        self._values = dict(values)
        self.transports = transports
        self.protocols = protocols
        self.worker = worker or Worker()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def replaced(self, values: Mapping[str, Any]) -> Settings:
        """Return settings in which these values replace those of the same names."""
        return Settings({**self._values, **values}, self.transports, self.worker, self.protocols)

    def port_for(self, transport: str, own: int | None) -> int:
        """Return the port of a transport: the value of its own option, if given.

        Else the transport named first has ``--service-port`` (PREDICTIVE_UNIT_SERVICE_PORT, 5000), and each
        further one the next port.
        """
        if own is not None:
            return own
        first: int = self._values.get("service_port", DEFAULT_PORT)
        position = self.transports.index(transport) if transport in self.transports else 0
        return first + position if first else 0
