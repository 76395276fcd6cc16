"""Bodies that are text: ``text/plain``."""

from __future__ import annotations

import json

from seldon_runtime.plugin import DATA_KINDS, Kind, Limits, Payload, SeldonError
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer, named, utf8
from seldon_runtime_rest.media.tables import rows_of

_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
}
DEFAULT_CHARSET = "utf-8"


def charset_of(parameters: Parameters) -> str:
    """Return the encoding of a body.

    Raises:
        SeldonError: status 415 for an unknown one.
    """
    given = parameters.get("charset", DEFAULT_CHARSET)
    if given.lower() not in _CHARSETS:
        raise SeldonError(
            f"the charset of Content-Type is {given!r:.40}, expected utf-8, us-ascii or iso-8859-1",
            status_code=415,
        )
    return _CHARSETS[given.lower()]


def decoded(body: bytes, parameters: Parameters) -> str:
    """Return a body as text; a byte order mark is left out.

    Raises:
        SeldonError: BAD_DATA when it is not text in its encoding.
    """
    charset = charset_of(parameters)
    try:
        return body.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        raise SeldonError(f"the body is not text in {charset}: {error}") from error


class PlainText(Format):
    """``text/plain``: strData. An answer may also be a single number, boolean or text in another place."""

    media_type = "text/plain"
    content_type = "text/plain; charset=utf-8"

    def check(self, parameters: Parameters) -> None:
        """Refuse unknown encodings."""
        charset_of(parameters)

    def memory(self, body: bytes) -> int:
        """Return the size of a text of which one character needs four bytes, and of its bytes."""
        return 5 * len(body)

    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the text."""
        return Payload(Kind.STR, decoded(body, parameters))

    def write(self, payload: Payload) -> bytes:
        """Return the text, or the only value of an array or of jsonData."""
        value = payload.value
        if payload.kind in DATA_KINDS:
            value = rows_of(payload)
            while isinstance(value, list) and len(value) == 1:
                value = value[0]
        elif payload.kind not in (Kind.STR, Kind.JSON):
            raise UnfitAnswer(named(payload))
        if isinstance(value, list | dict):
            raise UnfitAnswer(f"{named(payload)} with more than one value")
        text = value if isinstance(value, str) else json.dumps(value)
        return utf8(text)
