"""How long a client waits for its answer, as the headers of its request tell."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping

_ENVOY = b"x-envoy-expected-rq-timeout-ms"
"""Set by Envoy, and so by Istio: whole milliseconds until it gives the request up."""
_PREFER = b"prefer"
"""RFC 7240; its ``wait`` (section 4.3) is in whole seconds."""
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*(?:"|$))+', re.DOTALL)
"""Of a list in a header (RFC 9110, section 5.6.1): commas between quotes do not end it. ``urllib.request``
has a parser, and brings a whole HTTP client with it."""
_WHOLE = re.compile(r"[0-9]{1,9}")


def deadline_from(headers: Mapping[bytes, bytes], lines: Iterable[tuple[bytes, bytes]]) -> float | None:
    """When the client stops waiting, on the clock of ``time.monotonic``; None when it does not say.

    The shortest of several counts. What is no whole number above 0 is ignored, as RFC 7240 has it for
    preferences that cannot be honoured.

    Args:
        headers: lower-case names to values.
        lines: all of them, as a name may occur more than once.
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
    number = text.strip(
        " \t"
    )  # what else is a blank for Python is none in a header (RFC 9110, section 5.6.3)
    if _WHOLE.fullmatch(number) and int(number):
        yield int(number) * unit_s
