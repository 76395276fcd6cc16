"""How deeply a JSON text nests, without parsing it."""

from __future__ import annotations

import re

import numpy as np

from seldon_runtime.errors import SeldonError

# Possessive, and content with an unclosed string at its end: no text is looked at twice.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LONG_BYTES = 16 * 1024
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def check_nesting(text: bytes, limit: int) -> None:
    """Refuse a JSON text that nests deeper than ``limit``. Exact for valid JSON in UTF-8.

    Most requests have fewer brackets than the limit and cost two counts. Else the
    brackets alone are kept, as steps up and down whose running sum is the depth. From a long
    text all but brackets and quotes goes first, for that is faster than to count in it.

    Raises:
        SeldonError: BAD_DATA.
    """
    if len(text) > _LONG_BYTES and b"\\" not in text:  # a backslash says something about what is behind it
        text = text.translate(None, _NO_MARKS)
    if text.count(b"[") + text.count(b"{") <= limit:
        return
    brackets = _STRINGS.sub(b"", text).translate(_STEPS, _NO_BRACKETS)
    depths = np.cumsum(np.frombuffer(brackets, np.int8), dtype=np.int32)
    if depths.max(initial=0) > limit:
        raise SeldonError(f"the JSON nests deeper than {limit} levels (SELDON_MAX_NESTING)")
