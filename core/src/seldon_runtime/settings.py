"""The values of all options, of the core and of the selected plugins, by option name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

DEFAULT_PORT = 5000


class Settings(Mapping[str, Any]):
    """Read-only. ``settings["http_port"]`` is the value of the option ``--http-port``.

    Args:
        values: by option name, as click converted them.
        transports: the selected transports' names, in the order they were named.
    """

    def __init__(self, values: Mapping[str, Any], transports: tuple[str, ...] = ()) -> None:
        self._values = dict(values)
        self.transports = transports

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
