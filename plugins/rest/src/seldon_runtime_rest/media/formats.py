"""Every format of bodies that is one value, in the order of preference for answers."""

from __future__ import annotations

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.media.arrow import ArrowStream
from seldon_runtime_rest.media.binary import PICTURES, AnyPicture, Octets
from seldon_runtime_rest.media.csv_text import CsvText
from seldon_runtime_rest.media.format import Format
from seldon_runtime_rest.media.npy import NpyArray
from seldon_runtime_rest.media.text import PlainText

FORMATS: tuple[Format, ...] = (
    ArrowStream(),
    NpyArray(),
    CsvText(),
    *PICTURES,
    PlainText(),
    AnyPicture(),
    Octets(),
)
_READERS = {each.media_type: each for each in FORMATS if each.is_read}


def reader_of(media_type: str) -> Format | None:
    """Return the format that reads bodies of a media type; None for another media type.

    Raises:
        SeldonError: status 415 when a library is missing.
    """
    found = _READERS.get(media_type) or _READERS.get(f"{media_type.partition('/')[0]}/*")
    if found is not None and not found.is_installed:
        raise SeldonError(f"Content-Type is {media_type}: {missing(found)}", status_code=415)
    return found


def missing(each: Format) -> str:
    """Return the sentence about the library that a format needs."""
    return f"the server needs {each.needs} for it; install it there: pip install {each.needs}"


def readable() -> list[str]:
    """Return the media types of requests that this installation reads."""
    return [media_type for media_type, each in _READERS.items() if each.is_installed]
