"""Bytes as base64 text in JSON: strict decoding, the same for every wire format.

Nothing here drops foreign characters silently, which Python's ``base64`` does by default.
"""

from __future__ import annotations

import base64
from reprlib import repr as seen

from seldon_runtime.errors import ErrorCode, SeldonError


def decode_base64(text: str, where: str) -> bytes:
    """Decode base64 with padding (RFC 4648, section 4); allow line breaks, but no other foreign characters.

    Args:
        text: the text.
        where: the place in the request, for the message, such as ``binData``.

    Raises:
        SeldonError: BAD_DATA for invalid text.
    """
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:
        raise SeldonError(f"{where} is not base64 with padding (RFC 4648, section 4): {error}") from error


def decode_proto_base64(value: object, where: str) -> bytes:
    """Decode base64 by the protobuf JSON mapping: the standard or URL-safe alphabet, padding optional.

    Args:
        value: the text; anything else is refused.
        where: the place in the request, for the message, such as ``tensorContent``.

    Raises:
        SeldonError: BAD_DATA for another type or invalid text.
    """
    if not isinstance(value, str):
        raise SeldonError(f"{where} is {seen(value)}, expected base64 text", code=ErrorCode.BAD_DATA)
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise SeldonError(
            f"{where} is not valid base64 ({error}), expected base64 text", code=ErrorCode.BAD_DATA
        ) from error


def encode_base64(content: bytes | bytearray) -> str:
    """Return bytes as base64 with padding, in one line."""
    return base64.b64encode(content).decode("ascii")
