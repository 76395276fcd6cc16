"""Bodies that are bytes: ``application/octet-stream`` and pictures."""

from __future__ import annotations

from seldon_runtime.plugin import Kind, Limits, Payload
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer, named


class Octets(Format):
    """``application/octet-stream``: binData."""

    media_type = "application/octet-stream"

    def memory(self, body: bytes) -> int:
        """Return 0: the body itself is the value."""
        return 0

    def read(self, body: bytes, parameters: Parameters, limits: Limits) -> Payload:
        """Return the bytes."""
        return Payload(Kind.BINARY, body)

    def write(self, payload: Payload) -> bytes:
        """Return the bytes."""
        if payload.kind is not Kind.BINARY:
            raise UnfitAnswer(named(payload))
        return bytes(payload.value)


class AnyPicture(Octets):
    """``image/*``: binData. The runtime does not look into the picture; a hint such as Pillow's does."""

    media_type = "image/*"
    is_written = False


class Picture(Octets):
    """A file format of pictures, which is recognized by its first bytes.

    Args:
        media_type: the type of the answer.
        starts: bytes that its files have, with their places.
    """

    is_read = False

    def __init__(self, media_type: str, *starts: tuple[bytes, int]) -> None:
        self.media_type = media_type
        self._starts = starts

    def write(self, payload: Payload) -> bytes:
        """Return the bytes of a picture of this format."""
        body = super().write(payload)
        if not all(body.startswith(mark, place) for mark, place in self._starts):
            raise UnfitAnswer("binData that is another kind of file")
        return body


PICTURES = (
    Picture("image/png", (b"\x89PNG\r\n\x1a\n", 0)),
    Picture("image/jpeg", (b"\xff\xd8\xff", 0)),
    Picture("image/webp", (b"RIFF", 0), (b"WEBP", 8)),
    Picture("image/gif", (b"GIF8", 0)),
)
