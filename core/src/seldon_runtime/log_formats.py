"""What a line of the log looks like: text for people, or a JSON object."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from seldon_runtime.call import request_id
from seldon_runtime.settings import Worker

_MEMBERS = ("time", "level", "logger", "message", "request_id", "worker", "exception", "stack")
_MILLISECONDS = len(",000")
_TAKEN = frozenset((*vars(logging.makeLogRecord({})), "asctime", "taskName", *_MEMBERS))
"""What every record and every line has: the rest is what the caller gave as ``extra``."""


class TextFormatter(logging.Formatter):
    """Lines for people; the traceback of an exception follows on further lines.

    Args:
        worker: named in each line when there are several.
    """

    def __init__(self, worker: Worker) -> None:
        several = f" worker {worker.index}" if worker.count > 1 else ""
        super().__init__(f"%(asctime)s %(levelname)s{several} %(name)s: %(message)s")
        self._second = (-1, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """As ever; but each second is formatted once."""
        second, text = self._second
        if second != int(record.created):
            second, text = int(record.created), super().formatTime(record, datefmt)[:-_MILLISECONDS]
            self._second = second, text
        return f"{text},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line above the traceback; it ends with the request id, unless the message has it."""
        line = super().formatMessage(record)
        known = _request_id(record)
        if known is None or f"request {known}" in record.message:
            return line
        return f"{line} [request {known}]"


class JsonFormatter(logging.Formatter):
    """One JSON object (RFC 8259) for each record, on one line.

    Args:
        worker: its index is told, beside the number of the process.
    """

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker.index

    def format(self, record: logging.LogRecord) -> str:
        """Members that a record has nothing for are left out; what the caller gave as ``extra`` joins."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": _request_id(record),
            "worker": {"pid": record.process, "index": self._worker},
            "exception": self._exception(record),
            "stack": record.stack_info,
        }
        line = {name: value for name, value in line.items() if value is not None}
        extra = {name: value for name, value in vars(record).items() if name not in _TAKEN}
        try:
            return _dumps({**line, **extra})
        except (TypeError, ValueError, RecursionError):  # keys, NaN, cycles
            return _dumps({**line, **{str(name): _writable(value) for name, value in extra.items()}})

    def _exception(self, record: logging.LogRecord) -> dict[str, str] | None:
        if record.exc_info is None or record.exc_info[0] is None:
            return {"stack": record.exc_text} if record.exc_text else None
        kind, value, _ = record.exc_info
        home = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return {
            "type": home + kind.__qualname__,
            "message": _text(value),
            "stack": "".join(traceback.format_exception(*record.exc_info)).rstrip(),
        }


def _request_id(record: logging.LogRecord) -> str | None:
    """What the caller gave as ``extra``, else that of the running call."""
    given = getattr(record, "request_id", None)
    if given is not None:
        return _text(given)
    return request_id()


def _writable(value: object) -> object:
    try:
        _dumps({"": value})
    except (TypeError, ValueError, RecursionError):
        return _text(value)
    return value


def _text(value: object) -> str:
    """Whatever user code makes of ``str()``."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a line about it is worth more than its words
        return f"<{type(value).__name__} whose str() fails>"


_dumps = json.JSONEncoder(
    default=_text, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode  # dumps() would make one for each line
