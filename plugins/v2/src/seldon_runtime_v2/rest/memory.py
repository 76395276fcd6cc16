"""An estimate of the memory that reading an inference request takes, made without parsing it."""

from __future__ import annotations

import re

from seldon_runtime.protocols.json_memory import json_memory
from seldon_runtime_rest.extension import numbers_memory

_DATA = re.compile(rb'"data"\s*:\s*(?=\[)')
_COPIES = 2
"""An array of numbers is made as 64-bit numbers, and once more in its datatype; its text is copied, too."""
_TIMES_BYTES = 22
"""BYTES of two bytes each take six in the body, and as ``bytes``, as ``str``, and in two arrays about 130."""
_TIMES_TEXT = 2
"""Text of JSON may be encoded, too."""


def request_memory(body: bytes, header_length: int | None) -> int:
    """Return an upper estimate in bytes, the body not included.

    Args:
        body: the whole body.
        header_length: the length of the JSON; None if all of the body is JSON.
    """
    text = body if header_length is None else body[:header_length]
    rest: list[bytes] = []
    numbers = at = 0
    found = _DATA.search(text)
    while found is not None:  # numbers are skipped: searching through millions of them takes long
        start = found.end()
        end = _end_of_numbers(text, start)
        if end:
            numbers += numbers_memory(text, start, end) * _COPIES + end - start
            rest.append(text[at:start])
            at = end
        found = _DATA.search(text, end or start)
    rest.append(text[at:])
    described = b"".join(rest)
    has_text = b'"BYTES"' in described
    binary = (len(body) - len(text)) * (_TIMES_BYTES if has_text else 1)
    return numbers + json_memory(described) * (_TIMES_TEXT if has_text else 1) + binary


def _end_of_numbers(text: bytes, start: int) -> int:
    """Return the end of an array that begins here, 0 if it holds something else than numbers."""
    ends = [place for place in (text.find(b'"', start), text.find(b"}", start)) if place >= 0]
    return text.rfind(b"]", start, min(ends, default=len(text))) + 1
