"""The formats of a log line: text for people, or a JSON object."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from seldon_runtime.inference.call import request_id
from seldon_runtime.logs.control_characters import exception_text, indented
from seldon_runtime.settings.secrets import redacted
from seldon_runtime.settings.values import Worker

_MEMBERS = ("time", "level", "logger", "message", "request_id", "worker", "exception", "stack")
_LINK, _PLAIN = "\x1b[1;36m", "\x1b[0m"
_MILLISECONDS = len(",000")
_TAKEN = frozenset((*vars(logging.makeLogRecord({})), "asctime", "taskName", *_MEMBERS))
"""The attributes of every record and line; all others come from the caller's ``extra``."""


class TextFormatter(logging.Formatter):
    """Text for people; the traceback of an exception follows on further lines.

    Only a record begins with a time at the start of a line: further lines of a message are indented. Control
    characters are escaped, and credentials in addresses hidden.

    Args:
        worker: the process; each line shows its index if there are several.
        in_colour: True for a terminal; colours the address that the caller's ``extra`` has as ``link``.
    """

    def __init__(self, worker: Worker, *, in_colour: bool = False) -> None:
        self._in_colour = in_colour
        several = f" worker {worker.index}" if worker.count > 1 else ""
        super().__init__(f"%(asctime)s %(levelname)s{several} %(name)s: %(message)s")
        self._second = (-1, "")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return the time as usual, but format each second only once."""
        second, text = self._second
        if second != int(record.created):
            second, text = int(record.created), super().formatTime(record, datefmt)[:-_MILLISECONDS]
            self._second = second, text
        return f"{text},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line above the traceback; it ends with the request id, unless the message has it."""
        record.message = indented(record.message)
        line = super().formatMessage(record)
        if self._in_colour and (link := getattr(record, "link", None)) is not None:
            line = line.replace(str(link), f"{_LINK}{link}{_PLAIN}")
        known = _request_id(record)
        if known is not None and f"request {known}" not in record.message:
            line = f"{line} [request {indented(known)}]"
        return redacted(line)

    def formatException(self, ei: Any) -> str:
        """Return the traceback, on several lines."""
        return redacted(exception_text(*ei))


class JsonFormatter(logging.Formatter):
    """One JSON object (RFC 8259) for each record, on one line.

    Args:
        worker: the process; each line has its index and its process id.
    """

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker.index

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON with the caller's ``extra``; empty members are left out."""
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
            text = _dumps({**line, **extra})
        except (TypeError, ValueError, RecursionError):  # keys, NaN, cycles
            text = _dumps({**line, **{str(name): _writable(value) for name, value in extra.items()}})
        return redacted(text)

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
    """Return the request id in the caller's ``extra``, else that of the running call."""
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
    """Return the text of a value, whatever its own ``__str__`` does."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the line is worth more than this text
        return f"<{type(value).__name__} whose str() fails>"


_dumps = json.JSONEncoder(
    default=_text, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode  # dumps() would make one for each line
