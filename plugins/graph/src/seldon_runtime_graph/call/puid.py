"""The id of a prediction, which the header Seldon-Puid carries through a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import SystemRandom

from seldon_runtime.plugin import request_id_from

HEADER = "Seldon-Puid"
_LOWER = HEADER.lower()
_ENDS = tuple([f"{number:02x}" for number in range(256)])
"""The last two digits of ids, whose other digits are the same."""


def puid_of(headers: Mapping[str, str]) -> str | None:
    """Return the client's id; None without one of 1 to 128 printable characters."""
    given = headers.get(_LOWER)
    return None if given is None else request_id_from(given)


class Puids:
    """The source of new ids: UUIDs of version 4 (RFC 9562, section 5.4). They name calls and keep no secret.

    256 ids in a row share their random bits, which are new for the next 256, because a random number for each
    call would take five times as long. Thread-safe.
    """

    def __init__(self) -> None:
        self._random = SystemRandom()  # user code may seed the common generator, alike in every process
        self._ids: Iterator[str] = iter(())

    def new(self) -> str:
        """Return a new id."""
        return next(self._ids, None) or self._from_next_block()

    def _from_next_block(self) -> str:
        chosen = f"{self._random.getrandbits(112):028x}"
        variant = self._random.choice("89ab")
        begin = f"{chosen[:8]}-{chosen[8:12]}-4{chosen[12:15]}-{variant}{chosen[15:18]}-{chosen[18:]}"
        self._ids = ids = map(begin.__add__, _ENDS)
        return next(ids)


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
