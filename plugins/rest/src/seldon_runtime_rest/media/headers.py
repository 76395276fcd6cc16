"""The headers Content-Type and Accept: a media type, and media ranges with weights (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_KEPT = 64
"""The headers whose meaning is kept; clients send the same ones again and again."""
_MOST_RANGES = 32
_PARAMETER = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))""")
"""A parameter and its value, quoted or plain (RFC 9110, section 5.6.6)."""
_ESCAPE = re.compile(r"\\(.)")
JSON = "application/json"


class MediaType(NamedTuple):
    """A media type in lower case, and its parameters."""

    name: str
    parameters: dict[str, str]


@lru_cache(maxsize=_KEPT)
def media_type_of(header: bytes) -> MediaType:
    """Return the media type in a Content-Type header; an empty name for another text."""
    name, _, rest = header.decode("latin-1").partition(";")
    if not rest:
        return MediaType(name.strip().lower(), {})
    found = {
        key.lower(): _ESCAPE.sub(r"\1", quoted) or plain for key, quoted, plain in _PARAMETER.findall(rest)
    }
    return MediaType(name.strip().lower(), found)


def accepted(header: bytes) -> Accepted:
    """Return what an Accept header says. Ranges that are not valid are left out."""
    return Accepted(tuple(_ranges(header.decode("latin-1"))))


class Accepted(NamedTuple):
    """The media ranges of an Accept header with their weights."""

    ranges: tuple[tuple[str, float], ...]

    def weight(self, media_type: str) -> float:
        """Return the weight of a media type, from 0 to 1: that of the most specific range."""
        weights = dict(self.ranges)
        for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
            if name in weights:
                return weights[name]
        return 0.0


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",")[:_MOST_RANGES]:
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word[:2].lower() == "q="), "1")
        if "/" in name and _is_weight(weight):
            yield name.lower(), float(weight)


def _is_weight(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii() and 0 <= float(text) <= 1
