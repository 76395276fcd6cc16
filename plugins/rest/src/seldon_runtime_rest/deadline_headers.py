"""The request headers in which a client says how long it waits for its response."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping

_ENVOY = b"x-envoy-expected-rq-timeout-ms"
"""Envoy sets this header, and so does Istio: whole milliseconds until it gives up on the request."""
_PREFER = b"prefer"
"""The header of RFC 7240, whose preference ``wait`` (section 4.3) is a number of whole seconds."""
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*(?:"|$))+', re.DOTALL)
"""An element of a list in a header (RFC 9110, section 5.6.1): a comma between quotes does not end it.

``urllib.request`` has a parser of such lists, but imports a whole HTTP client."""
_WHOLE = re.compile(r"[0-9]{1,9}")


def deadline_from(headers: Mapping[bytes, bytes], lines: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Return when the client stops waiting, on the clock of ``time.monotonic``; None without such a header.

    The shortest of several limits counts. A value that is not a whole number above 0 is ignored, as RFC 7240
    demands for preferences that a server cannot honour.

    Args:
        headers: the last value of each header, by lower-case name.
        lines: all names and values, since a header may occur more than once.
    """
    if _ENVOY not in headers and _PREFER not in headers:
        return None
    shortest = min(_waits_s(lines), default=None)
    return None if shortest is None else time.monotonic() + shortest


def _waits_s(lines: Iterable[tuple[bytes, bytes]]) -> Iterator[float]:
    preferences = []
    for name, value in lines:
        if name == _ENVOY:
            yield from _whole(value.decode("latin-1"), 0.001)
        elif name == _PREFER:
            preferences += _ELEMENT.findall(value.decode("latin-1"))
    for preference in preferences:
        word, _, value_text = preference.partition(";")[0].partition("=")
        if word.strip().lower() == "wait":
            yield from _whole(value_text.strip(" \t").strip('"'), 1.0)
            return  # "only the first instance is to be considered" (RFC 7240, section 2)


def _whole(text: str, unit_s: float) -> Iterator[float]:
    number = text.strip(" \t")  # a header may have no other blanks (RFC 9110, section 5.6.3)
    if _WHOLE.fullmatch(number) and int(number):
        yield int(number) * unit_s
