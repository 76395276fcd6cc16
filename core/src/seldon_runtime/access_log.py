"""The access log: one line for each finished call, of every transport."""

from __future__ import annotations

import logging

from seldon_runtime.message import Method
from seldon_runtime.observer import CallRecord

logger = logging.getLogger("seldon_runtime.access")

_LINE = (
    "%(client)s %(transport)s %(target)s %(status)s, waited %(waited_ms)s ms, ran %(ran_ms)s ms, "
    "%(request_bytes)d bytes in, %(response_bytes)d out"
)


class AccessLog:
    """An observer. Probes are left out: they say nothing about clients, and come all the time."""

    def __init__(self) -> None:
        logger.setLevel(logging.INFO)  # asked for by an option of its own, whatever the level of the rest

    def call_finished(self, record: CallRecord) -> None:
        """Log one line, with the same facts as members in the JSON format."""
        if record.method is Method.HEALTH_STATUS or not logger.isEnabledFor(logging.INFO):
            return
        facts: dict[str, object] = {
            "method": record.method.value,
            "transport": record.transport,
            "target": record.target,
            "status": record.status,
            "waited_ms": round(record.waited_s * 1000, 3),
            "ran_ms": round(record.ran_s * 1000, 3),
            "request_bytes": record.request_bytes,
            "response_bytes": record.response_bytes,
            "client": _address(record.client),
        }
        shown = {**facts, "target": _printable(record.target or record.method.value)}
        extra = {"access": facts, "request_id": record.request_id}
        # as logger.info() does, which first looks for the line of code that calls it
        logger.handle(
            logger.makeRecord(logger.name, logging.INFO, __file__, 0, _LINE, (shown,), None, extra=extra)
        )

    def life_changed(self, state: str) -> None:
        """Nothing to log."""


def _address(client: tuple[str, int] | str | None) -> str:
    if isinstance(client, tuple):
        host, port = client
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return client or "-"


def _printable(text: str) -> str:
    """On one line, whatever the client sent."""
    return text if text.isprintable() else ascii(text)[1:-1]
