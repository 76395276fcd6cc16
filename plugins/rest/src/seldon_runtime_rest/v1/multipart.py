"""The parts of a multipart form (RFC 7578). Werkzeug's form parser would replace bytes that are not text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from seldon_runtime.plugin import SeldonError

_MOST_PARTS = 1000
_CHARSETS = frozenset({"ascii", "us-ascii", "utf-8", "iso-8859-1"})
"""The encodings of a text part that its Content-Type may name; the text is UTF-8 otherwise."""


class Part(NamedTuple):
    """One part of a form."""

    name: str
    content: bytes
    charset: str
    is_file: bool
    """True if the part has a file name."""

    def text(self) -> str:
        """Return the content as text; that of a file must be UTF-8.

        Raises:
            SeldonError: BAD_DATA when it is not text in its encoding.
        """
        try:
            return self.content.decode(self.charset)
        except UnicodeDecodeError as error:
            kind = "file" if self.is_file else "field"
            encoding = "UTF-8" if self.charset == "utf-8" else self.charset
            raise SeldonError(
                f"the {kind} {self.name!r:.80} of the form is not {encoding} text: {error}"
            ) from error


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of a form in their order.

    Args:
        body: the whole body.
        content_type: the Content-Type of the request.

    Raises:
        SeldonError: BAD_DATA when the body or the boundary is not valid.
        RequestEntityTooLarge: there are too many parts.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not (boundary and boundary.isascii()):
        raise SeldonError(
            f"Content-Type is {content_type!r:.120}, expected multipart/form-data with a boundary, such as "
            "multipart/form-data; boundary=x (HTTP clients set it, unless you set Content-Type yourself)"
        )
    try:
        return list(_parts(body, boundary.encode("ascii")))
    except ValueError as error:  # UnicodeDecodeError of a head is one, too
        raise SeldonError(
            f"the body is not a valid multipart form with the boundary {boundary!r:.80}: {error}"
        ) from error


def _parts(body: bytes, boundary: bytes) -> Iterator[Part]:
    decoder = MultipartDecoder(boundary, max_parts=_MOST_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    head: Field | File | None = None
    content = b""
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            head, content = event, b""
        elif isinstance(event, Data):
            content = content + event.data if content else event.data
            if not event.more_data and head is not None:
                yield _part(head, content)


def _part(head: Field | File, content: bytes) -> Part:
    name: str | None = head.name
    if name is None:
        raise ValueError("the Content-Disposition of a part has no name")
    if isinstance(head, File):
        return Part(name, content, "utf-8", is_file=True)
    charset = parse_options_header(head.headers.get("content-type"))[1].get("charset", "").lower()
    return Part(name, content, charset if charset in _CHARSETS else "utf-8", is_file=False)
