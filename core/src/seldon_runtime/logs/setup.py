"""The log: one format for the runtime, its libraries and user code, with the request id of the running call.

A call that logs nothing pays only for one context variable.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import TracebackType

from seldon_runtime.logs import prints
from seldon_runtime.logs.formatters import JsonFormatter, TextFormatter
from seldon_runtime.logs.writer import LineWriter, ensure_standard_streams
from seldon_runtime.settings.values import Settings

logger = logging.getLogger(__name__)


def configure(settings: Settings) -> None:
    """Log to standard error as the settings say. Call it on the main thread, before user code is imported.

    If the root logger has handlers already, as in a program that embeds the runtime, they stay, and only
    closed standard streams are opened.
    """
    ensure_standard_streams()
    prints.write_lines_at_once()
    root = logging.getLogger()
    as_json = settings["log_format"] == "json"
    if root.handlers:
        if as_json:
            logger.warning(
                "logging is already configured with %r: --log-format has no effect", root.handlers[0]
            )
        return
    worker = settings.worker
    handler = _StandardError(
        JsonFormatter(worker) if as_json else TextFormatter(worker, in_colour=_in_colour())
    )
    root.addHandler(handler)
    root.setLevel(settings["log_level"])
    if as_json:
        _log_what_python_prints()


def _in_colour() -> bool:
    """Return whether standard error is a terminal that shows colours (see no-color.org)."""
    return os.isatty(2) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def in_json() -> bool:
    """Return whether the log is JSON lines."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


class _StandardError(logging.Handler):
    """A handler that writes whole lines and counts the lost ones."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._own = formatter
        self._lines = LineWriter(2)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; never block for long, never raise."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - logged instead, with its traceback
            line = self._own.format(_unwritable(record))
        if self._lost:
            line = f"{self._own.format(self._loss())}\n{line}"
        if self._lines.write(line.encode("utf-8", "backslashreplace") + b"\n"):
            self._lost = 0
        else:
            self._lost += 1

    def close(self) -> None:
        """Close the writer. Logging calls this when it is shut down or configured again."""
        self._lines.close()
        super().close()

    def _loss(self) -> logging.LogRecord:
        return _record(
            logging.WARNING,
            "%d log messages before this one were lost: nothing read standard error",
            self._lost,
        )


def _unwritable(record: logging.LogRecord) -> logging.LogRecord:
    where = f"{record.pathname}:{record.lineno}"
    return _record(logging.ERROR, "a message logged at %s cannot be formatted", where, exc_info=True)


def _record(level: int, message: str, *arguments: object, exc_info: bool = False) -> logging.LogRecord:
    raised = sys.exc_info() if exc_info else None
    return logging.LogRecord(__name__, level, __file__, 0, message, arguments, raised)


def _log_what_python_prints() -> None:
    """Log warnings and uncaught exceptions, which Python itself would print over several lines."""
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, value, trace: _log_uncaught("the program ended", kind, value, trace)
    threading.excepthook = _log_end_of_thread
    sys.unraisablehook = lambda told: _log_uncaught(
        f"{told.err_msg or 'ignored'}: {told.object!r}", told.exc_type, told.exc_value, told.exc_traceback
    )


def _log_end_of_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_type is not SystemExit:  # that is a way to end a thread
        name = told.thread.name if told.thread else "?"
        _log_uncaught(f"the thread {name} ended", told.exc_type, told.exc_value, told.exc_traceback)


def _log_uncaught(
    what: str, kind: type[BaseException], value: BaseException | None, trace: TracebackType | None
) -> None:
    logger.critical("%s", what, exc_info=None if value is None else (kind, value, trace))
