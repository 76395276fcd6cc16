"""The access log: one line for each finished call, of every transport."""

from __future__ import annotations

import logging

from seldon_runtime.inference.call import Call, Outcome
from seldon_runtime.inference.method import Method
from seldon_runtime.service.observer import Observer
from seldon_runtime.transport.addresses import url_host

logger = logging.getLogger("seldon_runtime.access")

_LINE = (
    "%(client)s %(transport)s %(target)s %(status)s, waited %(waited_ms)s ms, ran %(ran_ms)s ms, "
    "%(request_bytes)d bytes in, %(response_bytes)d out"
)


class AccessLog(Observer):
    """Logger of one line for each call, except for the endless health calls, which say nothing of clients."""

    def __init__(self) -> None:
        logger.setLevel(logging.INFO)  # it has an option of its own, whatever the level of other loggers

    def call_finished(self, call: Call, outcome: Outcome) -> None:
        """Log one line, with the same facts as members in the JSON format."""
        if call.method is Method.HEALTH_STATUS or not logger.isEnabledFor(logging.INFO):
            return
        facts: dict[str, object] = {
            "method": call.method.value,
            "transport": call.transport,
            "target": call.target,
            "status": outcome.status,
            "waited_ms": round(outcome.waited_s * 1000, 3),
            "ran_ms": round(outcome.ran_s * 1000, 3),
            "request_bytes": call.request_bytes,
            "response_bytes": outcome.response_bytes,
            "client": _address(call.client),
        }
        shown = {**facts, "target": _printable(call.target or call.method.value)}
        extra = {"access": facts, "request_id": call.request_id}
        # as logger.info() does, but without searching for the calling line
        logger.handle(
            logger.makeRecord(logger.name, logging.INFO, __file__, 0, _LINE, (shown,), None, extra=extra)
        )


def _address(client: tuple[str, int] | str | None) -> str:
    if isinstance(client, tuple):
        host, port = client
        return f"{url_host(host)}:{port}"
    return client or "-"


def _printable(text: str) -> str:
    """Return a client's text on one line, without control characters."""
    return text if text.isprintable() else ascii(text)[1:-1]
