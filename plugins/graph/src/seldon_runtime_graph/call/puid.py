"""The id of a prediction, which the header Seldon-Puid carries through a graph."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from seldon_runtime.plugin import request_id_from

HEADER = "Seldon-Puid"
_LOWER = HEADER.lower()
_VERSION_BITS = (4 << 76) | (2 << 62)
_OTHER_BITS = ~((15 << 76) | (3 << 62))


def puid_of(headers: Mapping[str, str]) -> str | None:
    """Return the client's id; None without one of 1 to 128 printable characters."""
    return request_id_from(headers.get(_LOWER))


def new_puid() -> str:
    """Return a new id, a UUID of version 4 (RFC 9562, section 5.4). It names a call and keeps no secret."""
    text = f"{random.getrandbits(128) & _OTHER_BITS | _VERSION_BITS:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class WithPuid(Mapping[str, str]):
    """The headers of a call with the id that was generated for it, as the nodes see them.

    Args:
        headers: the client's.
        puid: the id.
    """

    __slots__ = ("_headers", "_puid")

    def __init__(self, headers: Mapping[str, str], puid: str) -> None:
        self._headers = headers
        self._puid = puid

    def __getitem__(self, name: str) -> str:
        return self._puid if name == _LOWER else self._headers[name]

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._headers if name != _LOWER)
        yield _LOWER

    def __len__(self) -> int:
        return sum(1 for _ in self)
