"""The metadata of a request as headers: a text for each name."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_runtime.protocols.base64_text import encode_base64


def joined(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Return metadata with repeated keys or binary values as headers.

    A comma and a space join the texts of a repeated key (RFC 9110, section 5.3). The values of a key that
    ends in ``-bin`` become base64, joined by commas ("Custom-Metadata" in gRPC's PROTOCOL-HTTP2).
    """
    headers: dict[str, str] = {}
    for key, value in metadata:
        text = value if isinstance(value, str) else encode_base64(value)
        separator = "," if key.endswith("-bin") else ", "
        headers[key] = f"{headers[key]}{separator}{text}" if key in headers else text
    return headers
