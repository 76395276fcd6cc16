"""The interface of transports."""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """A server that submits clients' requests to the service.

    The runtime calls each method once, in this order: ``start`` on the main thread, the others on threads of
    their own, at the same time as those of other transports. Only ``stop`` of a transport that ``API_TYPE``
    does not select, such as a page of metrics, follows when the selected ones have stopped.
    """

    name: str

    @property
    def address(self) -> str:
        """The address for clients, such as ``http://0.0.0.0:5000``; final after :meth:`start`."""

    def start(self) -> None:
        """Bind, serve on own threads and return; raise StartupError, naming the remedy, on failure."""

    def stop_accepting(self) -> None:
        """Take no new connections or messages, while accepted calls continue. Returns at once."""

    def stop(self, grace_s: float) -> None:
        """Wait until accepted work is answered, ``grace_s`` seconds at most; then end all threads."""
