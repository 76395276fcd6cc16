"""Errors that cross a boundary: to a client, or to the person who starts the runtime.

Nothing here knows HTTP or gRPC. A transport maps :class:`ErrorCode` to its own
status through one table of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class ErrorCode(Enum):
    """What went wrong, seen from outside. The value is the protocol's ``reason`` text.

    The first four reasons are those of the Seldon v1 protocol; the others are
    ours, in the same style, for failures that protocol has no word for.
    """

    BAD_DATA = "MICROSERVICE_BAD_DATA"
    """The request is wrong: the caller must change it."""
    COMPONENT_FAILED = "MICROSERVICE_INTERNAL_ERROR"
    """User code raised, or returned something that cannot be answered."""
    BAD_METRIC = "MICROSERVICE_BAD_METRIC"
    """User code produced a metric that is none."""
    BAD_METADATA = "MICROSERVICE_BAD_METADATA"
    """The component's metadata do not fit their schema."""
    NOT_IMPLEMENTED = "MICROSERVICE_NOT_IMPLEMENTED"
    """The component has no such method."""
    NOT_FOUND = "MICROSERVICE_NOT_FOUND"
    """There is nothing at that address."""
    TOO_LARGE = "MICROSERVICE_TOO_LARGE"
    """The request is larger than a configured limit."""
    OVERLOADED = "MICROSERVICE_OVERLOADED"
    """The queue is full: try again later."""
    UNAVAILABLE = "MICROSERVICE_UNAVAILABLE"
    """Not ready yet, or shutting down."""
    DEADLINE_EXCEEDED = "MICROSERVICE_DEADLINE_EXCEEDED"
    """The call's deadline passed before it was answered."""
    CANCELLED = "MICROSERVICE_CANCELLED"
    """The client went away before the call started."""


class SeldonError(Exception):
    """An answer that is an error. User code may raise it to choose the client's answer.

    Args:
        message: for the client: what was wrong, where, and what was expected.
        code: the class of the error; transports derive their status from it.
        status_code: an HTTP-style status (400 to 599) that wins over ``code``;
            transports without such statuses map it to the nearest of their own.
        reason: the protocol's ``reason`` text, when ``code``'s own does not fit.

    Raises:
        ValueError: ``status_code`` is no error status.
    """

    # A subclass that does not call our constructor must still be answered.
    message: str = "no message"
    code: ErrorCode = ErrorCode.BAD_DATA
    status_code: int | None = None
    reason: str = ErrorCode.BAD_DATA.value

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_DATA,
        status_code: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        if status_code is not None and not 400 <= status_code <= 599:
            raise ValueError(f"status_code is {status_code}, expected 400 to 599")
        self.message = str(message)  # user code may pass an exception
        self.code = code
        self.status_code = status_code
        self.reason = reason or code.value


class ComponentFailed(SeldonError):
    """User code raised. The original exception is ``__cause__``."""

    def __init__(self, where: str, cause: BaseException) -> None:
        super().__init__(_text_of(cause), code=ErrorCode.COMPONENT_FAILED)
        self.where = where
        self.__cause__ = cause


class SeldonNotImplementedError(SeldonError):
    """Raised by a user's method to say that it is not there.

    A ``*_raw`` method that raises it hands over to the plain one; ``predict`` and
    ``send_feedback`` answer an empty array; transforms pass the payload through.
    """

    def __init__(self, message: str = "not implemented") -> None:
        super().__init__(message, code=ErrorCode.NOT_IMPLEMENTED)


EXIT_STARTUP = 3
"""The exit status after a :class:`StartupError`."""


class StartupError(Exception):
    """The runtime cannot start. The message names the remedy; the process exits with 3.

    Its ``__cause__``, if any, is an exception of user code or of a plugin: its traceback is shown.
    """


def closest(wanted: str, names: Iterable[str]) -> list[str]:
    """The name that a wrong one was meant to be, for a message; at most one."""
    from difflib import get_close_matches  # only when something is wrong

    return get_close_matches(wanted, names, n=1)


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may raise; the answer must still go out
        return type(error).__name__
