"""Errors that cross a boundary: to a client, or to the person who starts the runtime.

Nothing here knows HTTP or gRPC. A transport maps :class:`ErrorCode` to its own
status through one table of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from copy import copy
from enum import Enum
from operator import index
from types import MappingProxyType
from typing import Any, Self

from seldon_runtime.response_headers import valid_headers
from seldon_runtime.tracebacks import place_of


class ErrorCode(Enum):
    """The class of an error, as a client sees it. The value is the protocol's ``reason`` text.

    The Seldon v1 protocol defines the first four reasons. The runtime adds the others, in the same
    style, for failures that the protocol has no reason for.
    """

    BAD_DATA = "MICROSERVICE_BAD_DATA"
    """The request is wrong: the caller must change it."""
    COMPONENT_FAILED = "MICROSERVICE_INTERNAL_ERROR"
    """User code or a plugin raised, or returned a result that cannot be written."""
    BAD_METRIC = "MICROSERVICE_BAD_METRIC"
    """User code produced an invalid metric."""
    BAD_METADATA = "MICROSERVICE_BAD_METADATA"
    """The component's metadata does not fit its schema."""
    NOT_IMPLEMENTED = "MICROSERVICE_NOT_IMPLEMENTED"
    """The component does not define the method, or the transport cannot send its stream."""
    NOT_FOUND = "MICROSERVICE_NOT_FOUND"
    """Nothing is served at that address."""
    TOO_LARGE = "MICROSERVICE_TOO_LARGE"
    """The request is larger than a configured limit."""
    OVERLOADED = "MICROSERVICE_OVERLOADED"
    """The queue, or the memory for requests, is full: try again later."""
    UNAVAILABLE = "MICROSERVICE_UNAVAILABLE"
    """The process is not ready yet, is shutting down, or hangs."""
    DEADLINE_EXCEEDED = "MICROSERVICE_DEADLINE_EXCEEDED"
    """The call's deadline passed before it was answered."""
    CANCELLED = "MICROSERVICE_CANCELLED"
    """The client disconnected before the call started."""
    UNAUTHENTICATED = "MICROSERVICE_UNAUTHENTICATED"
    """The request has no valid credentials."""
    FORBIDDEN = "MICROSERVICE_FORBIDDEN"
    """The credentials are valid, and do not allow this request."""
    RATE_LIMITED = "MICROSERVICE_RATE_LIMITED"
    """The client exceeds its rate limit: try again later."""


class SeldonError(Exception):
    """An error that a client receives as the response to its call. User code may raise it.

    Args:
        message: the text for the client: the wrong value, its place, and the expected one.
        code: the class of the error, from which transports derive their status. Its name or its value, such
            as ``"NOT_FOUND"``, will do.
        status_code: an HTTP-style status (400 to 599) that overrides ``code``; transports without such
            statuses map it to the nearest of their own. A text of three digits will do.
        reason: the protocol's ``reason`` text, when ``code``'s own does not fit.
        headers: headers of the response, such as ``{"Retry-After": "3"}``: HTTP headers, or gRPC
            trailing metadata. The server sets Content-Type and the headers of the connection itself.

    Raises:
        ValueError: ``code`` is not an ErrorCode, ``status_code`` is not an error status, or ``headers`` are
            not names and texts that HTTP can carry.
    """

    # A subclass that does not call our constructor must still be answered.
    message: str = "no message"
    code: ErrorCode = ErrorCode.BAD_DATA
    status_code: int | None = None
    reason: str = ErrorCode.BAD_DATA.value
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode = ErrorCode.BAD_DATA,
        status_code: int | None = None,
        reason: str | None = None,
        headers: Mapping[str, str | float] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = str(message)  # user code may pass an exception
        self.code = code if type(code) is ErrorCode else _checked_code(code)
        self.status_code = None if status_code is None else _checked_status(status_code)
        self.reason = str(reason or self.code.value)
        if headers:
            self.headers = valid_headers(headers, "SeldonError.headers")

    def placed(self, place: str) -> Self:
        """Return a copy whose message begins with a place, such as ``the node 'a'``.

        It is a copy, since whoever raised this error may raise the same object again.
        """
        told = copy(self)
        told.message = f"{place}: {self.message}"
        told.args = (told.message,)
        return told


def _checked_code(code: object) -> ErrorCode:
    for member in ErrorCode:
        if code in (member.name, member.value):
            return member
    raise ValueError(f"code is {code!r:.80}, expected an ErrorCode such as ErrorCode.NOT_FOUND")


def _checked_status(given: Any) -> int:
    status = given
    if (isinstance(given, str) and re.fullmatch("[0-9]{3}", given)) or (
        isinstance(given, float) and given.is_integer()
    ):
        status = int(given)
    try:
        if 400 <= (status := index(status)) <= 599:
            return status
    except TypeError:
        pass
    raise ValueError(f"status_code is {given!r:.80}, expected 400 to 599")


class ComponentFailed(SeldonError):
    """An exception of user code, with its type and text as the message. The exception is ``__cause__``."""

    def __init__(self, where: str, cause: BaseException) -> None:
        super().__init__(
            f"{described(cause)}{thread_hint(cause)}{copy_hint(cause)}", code=ErrorCode.COMPONENT_FAILED
        )
        self.where = where
        self.__cause__ = cause

    def conceal(self, request_id: str) -> None:
        """Set a message that names the log instead of the reason."""
        self.message = f"the component failed; see its log for request {request_id}"
        self.args = (self.message,)


class PluginFailed(ComponentFailed):
    """An exception of a plugin or of the runtime. Its text, which may hold secrets, never reaches clients."""

    def __init__(self, where: str, cause: BaseException) -> None:
        super().__init__(where, cause)
        self.conceal("")

    def conceal(self, request_id: str) -> None:
        """Set a message that names the log instead of the reason."""
        request = f" for request {request_id}" if request_id else ""
        self.message = f"a plugin of the server failed; see its log{request}"
        self.args = (self.message,)


class SeldonNotImplementedError(SeldonError):
    """The error of a user's method that is defined but does nothing.

    When a ``*_raw`` method raises it, the plain method runs. When ``predict`` or ``send_feedback``
    raises it, the client receives an empty array. A transform passes the payload through.
    """

    def __init__(self, message: str = "not implemented") -> None:
        super().__init__(message, code=ErrorCode.NOT_IMPLEMENTED)


EXIT_STARTUP = 3
"""The exit status after a :class:`StartupError`."""


class StartupError(Exception):
    """A fault that keeps the runtime from starting. The message names the remedy; the process exits with 3.

    Its ``__cause__``, if any, is an exception of user code or of a plugin: its traceback is shown.
    """


def closest(misspelled: str, names: Iterable[str]) -> list[str]:
    """Return the known name that resembles a misspelled one most, as a list of at most one."""
    from difflib import get_close_matches  # only when something is wrong

    return get_close_matches(misspelled, names, n=1)


_READ_ONLY = ("is read-only", "cannot set WRITEABLE flag")
"""Texts of NumPy's errors, and of compiled code that asks for a buffer to write into."""


def thread_hint(error: BaseException) -> str:
    """Return a sentence to add to an error of user code that needs the main thread; else an empty text."""
    on_main = threading.current_thread() is threading.main_thread()
    if on_main or not isinstance(error, ValueError | RuntimeError) or "main thread" not in described(error):
        return ""
    return ". Set SELDON_COMPONENT_THREAD=main to run the component on the main thread"


def is_read_only(error: BaseException | None) -> bool:
    """Return whether user code wrote into an array that cannot be written into."""
    return isinstance(error, ValueError) and any(text in described(error) for text in _READ_ONLY)


def copy_hint(error: BaseException) -> str:
    """Return a sentence to add to an error of writing into an array of a request; else an empty text."""
    if not is_read_only(error):
        return ""
    return ". Arrays of a request may be views of its body: copy what you change, such as X = X.copy()"


def described(error: BaseException) -> str:
    """Return type and text of an exception: ``KeyError: 'age'``; without a text, its line of user code."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may raise; the answer must still go out
        text = ""
    if text.strip():
        return f"{kind}: {text}"
    place = place_of(error)
    return f"{kind} ({place})" if place else kind
