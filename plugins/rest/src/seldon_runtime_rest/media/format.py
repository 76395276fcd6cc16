"""The interface of a format of bodies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec

from seldon_runtime.plugin import ARRAYS, DATA_KINDS, Limits, Payload

Parameters = Mapping[str, str]
"""The parameters of a Content-Type by lower-case names, such as ``{"charset": "utf-8"}``."""


class UnfitAnswer(Exception):
    """A format cannot hold an answer. The text says which answer it is."""


def named(payload: Payload) -> str:
    """Return the name of a payload's place, for messages."""
    if payload.kind in DATA_KINDS:
        return f"data.{payload.kind.value}"
    return "a table" if payload.kind is ARRAYS else payload.kind.value


def utf8(text: str) -> bytes:
    """Return a text of an answer in UTF-8.

    Raises:
        UnfitAnswer: the text has half of a surrogate pair, which only the escapes of JSON can hold.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise UnfitAnswer("text with half of a surrogate pair") from error


@cache
def _has_library(name: str) -> bool:
    return find_spec(name) is not None


class Format(ABC):
    """Reader and writer of one media type. Its methods run on the component's thread."""

    media_type: str
    """Such as ``text/csv``; in requests ``image/*`` stands for every subtype."""
    content_type: str = ""
    """The Content-Type of answers, if it has parameters."""
    needs: str = ""
    """The distribution that reading and writing need, which is also the module to import."""
    is_read: bool = True
    """False for a format of answers only."""
    is_written: bool = True
    """False for a format of requests only."""

    @property
    def is_installed(self) -> bool:
        """True if the library that the format needs is installed."""
        return not self.needs or _has_library(self.needs)

    def check(self, parameters: Parameters) -> None:  # noqa: B027 - most take any parameters
        """Raise SeldonError with status 415 if the format is not read with these parameters."""

    def memory(self, body: bytes) -> int:
        """Return an estimate of the most bytes that :meth:`read` takes. Cheap; never raises."""
        return 3 * len(body)

    @abstractmethod
    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the payload of a request.

        Raises:
            SeldonError: BAD_DATA or TOO_LARGE; the text says where the body is wrong.
        """

    @abstractmethod
    def write(self, payload: Payload) -> bytes:
        """Return the body of an answer.

        Raises:
            UnfitAnswer: the format cannot hold this payload.
        """
