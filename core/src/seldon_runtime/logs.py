"""The log: one format for the runtime, its libraries and user code, with the request id of the running call.

Only what makes a record pays for it: a call that logs nothing sets one context variable.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from types import TracebackType

import click

from seldon_runtime.log_formats import JsonFormatter, TextFormatter
from seldon_runtime.settings import Settings, option
from seldon_runtime.stderr import LineWriter, ensure_standard_streams

logger = logging.getLogger(__name__)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("text", "json")


def log_options() -> Sequence[click.Option]:
    """What is logged, and how."""
    return [
        option(
            "--log-level",
            envvar="SELDON_LOG_LEVEL",
            type=click.Choice(LEVELS, case_sensitive=False),
            default="INFO",
            help="Least severe messages to log.",
        ),
        option(
            "--log-format",
            envvar="SELDON_LOG_FORMAT",
            type=click.Choice(FORMATS, case_sensitive=False),
            default="text",
            help="Text for people, or a JSON object on each line.",
        ),
        option(
            "--access-log/--no-access-log",
            envvar=["SELDON_ACCESS_LOG", "GUNICORN_ACCESS_LOG"],
            default=False,
            help="Whether each finished call gets a line of its own.",
        ),
    ]


def configure(settings: Settings) -> None:
    """Log to standard error as the settings say. For the main thread, before user code is imported.

    Does nothing but open closed standard streams when the root logger has handlers already:
    whoever embeds the runtime keeps theirs.
    """
    ensure_standard_streams()
    root = logging.getLogger()
    as_json = settings["log_format"] == "json"
    if root.handlers:
        if as_json:
            logger.warning("logging has been configured by %r: --log-format has no effect", root.handlers[0])
        return
    worker = settings.worker
    handler = _StandardError(JsonFormatter(worker) if as_json else TextFormatter(worker))
    root.addHandler(handler)
    root.setLevel(settings["log_level"])
    if as_json:
        _log_what_python_prints()


def in_json() -> bool:
    """Whether the log is JSON lines."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


class _StandardError(logging.Handler):
    """Writes whole lines and counts those that found no place."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._own = formatter
        self._lines = LineWriter(2)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Never blocks for long, never raises."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - told in a line of its own, with traceback
            line = self._own.format(_unwritable(record))
        if self._lost:
            line = f"{self._own.format(self._loss())}\n{line}"
        if self._lines.write(line.encode("utf-8", "backslashreplace") + b"\n"):
            self._lost = 0
        else:
            self._lost += 1

    def close(self) -> None:
        """Called when logging is shut down, or configured by somebody else."""
        self._lines.close()
        super().close()

    def _loss(self) -> logging.LogRecord:
        return _record(
            logging.WARNING, "%d log messages before this one were lost: nobody took them", self._lost
        )


def _unwritable(record: logging.LogRecord) -> logging.LogRecord:
    where = f"{record.pathname}:{record.lineno}"
    return _record(logging.ERROR, "a message logged at %s does not fit its arguments", where, exc_info=True)


def _record(level: int, message: str, *arguments: object, exc_info: bool = False) -> logging.LogRecord:
    raised = sys.exc_info() if exc_info else None
    return logging.LogRecord(__name__, level, __file__, 0, message, arguments, raised)


def _log_what_python_prints() -> None:
    """Warnings, and exceptions that nobody catches, which Python itself would write over several lines."""
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
