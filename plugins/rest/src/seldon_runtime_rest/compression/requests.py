"""Compressed request bodies (``Content-Encoding`` gzip or deflate), unpacked within the limit of bodies."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seldon_runtime.plugin import Done, SeldonError

GZIP = frozenset({"gzip", "x-gzip"})
"""The names of the coding (RFC 9110, section 8.4.1.3)."""
DEFLATE = "deflate"
"""The name of the zlib format as a coding (RFC 9110, section 8.4.1.2)."""
PACKED = GZIP | {DEFLATE}
PLAIN = frozenset({"", "identity"})
_PIECE_BYTES = 64 * 1024
_FREE_MEMBERS, _MEMBER_BYTES = 16, 1024
"""A body may have so many gzip members, and another one for each so many bytes of content."""
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_BARE_FORMAT = -zlib.MAX_WBITS
"""Deflate without the frame of zlib, which some clients send under that name."""

InThread = Callable[[Callable[[Done], None], Done], None]
"""Function that runs work in a thread; :meth:`.RequestThreads.run`."""


class UnknownCoding(SeldonError):
    """The error for a body in a coding that the server does not read."""

    def __init__(self, coding: str) -> None:
        super().__init__(
            f"Content-Encoding is {coding:.80}, expected gzip, deflate or none",
            status_code=415,
            headers={"Accept-Encoding": "gzip, deflate, identity"},  # RFC 9110, section 12.5.3
        )


@dataclass(slots=True)
class Unpacked:
    """The body of a request, in place of an answer: the request can begin."""

    body: bytes


def coding_of(header: str) -> str:
    """Return the codings of a body, in one text if several headers name them."""
    return header.strip().lower()


def checked(coding: str) -> str:
    """Return a coding that the server reads.

    Raises:
        UnknownCoding: it is another one.
    """
    if coding not in PLAIN | PACKED:
        raise UnknownCoding(coding)
    return coding


def unpacked(body: bytes, check: Callable[[int], None], coding: str = "gzip") -> bytes:
    """Return the content of a compressed body. Takes memory only when the whole content is within the limit.

    Args:
        body: one or several gzip members (RFC 1952, section 2.2), or a zlib or deflate stream.
        check: raises SeldonError when a body of so many bytes is too large.
        coding: one of PACKED.

    Raises:
        SeldonError: BAD_DATA when the body is not valid data of its coding; the error of ``check``.
    """
    window = _window_of(body) if coding == DEFLATE else _GZIP_FORMAT
    size = 0
    for piece in _pieces(body, window):  # counts first, since a small body may have a huge content
        size += len(piece)
        check(size)
    content = bytearray(size)
    end = 0
    for piece in _pieces(body, window):
        content[end : end + len(piece)] = piece
        end += len(piece)
    return bytes(content)


def _window_of(body: bytes) -> int:
    """Return zlib's window for a deflate body: framed as RFC 1950 says, or bare."""
    is_framed = len(body) > 1 and body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
    return zlib.MAX_WBITS if is_framed else _BARE_FORMAT


def _pieces(body: bytes, window: int) -> Iterator[bytes]:
    """Yield the content of all members, in pieces of bounded size."""
    source = memoryview(body)
    waiting, position, size, members = b"", 0, 0, 0
    try:
        while waiting or position < len(body):
            members += 1
            if members > _FREE_MEMBERS + size // _MEMBER_BYTES:  # each costs time, even without any content
                raise SeldonError(f"the body has {members} gzip members or more with next to nothing in them")
            member = zlib.decompressobj(window)
            has_ended = False
            while not has_ended:
                if not waiting:
                    waiting = bytes(source[position : position + _PIECE_BYTES])
                    position += len(waiting)
                is_over = not waiting
                piece = member.decompress(waiting, _PIECE_BYTES)
                has_ended = member.eof
                waiting = member.unused_data if has_ended else member.unconsumed_tail
                if piece:
                    size += len(piece)
                    yield piece
                elif is_over and not has_ended:
                    raise SeldonError("the body ends before its compressed data do")
            while not waiting.strip(b"\0") and position < len(body):  # zeros behind a member are padding
                waiting = bytes(source[position : position + _PIECE_BYTES])
                position += len(waiting)
            waiting = waiting.lstrip(b"\0")
    except zlib.error as error:
        raise SeldonError(
            f"the body is not valid {'gzip' if window == _GZIP_FORMAT else DEFLATE} data: {error}"
        ) from error
