"""The nesting depth of a JSON text, measured without parsing it."""

from __future__ import annotations

import re

import numpy as np

from seldon_runtime.errors import SeldonError

# Possessive, and matches an unclosed string at the end: the expression reads no character twice.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LONG_BYTES = 16 * 1024
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def check_nesting(text: bytes, limit: int) -> None:
    """Refuse a JSON text that nests deeper than ``limit``. Exact for valid JSON in UTF-8.

    Most requests have fewer brackets than the limit and cost two counts. For others, the function
    maps brackets to steps up and down, whose running sum is the depth. In a long text it first
    deletes everything but brackets and quotes, which is faster than scanning it.

    Raises:
        SeldonError: BAD_DATA when the text nests too deeply.
    """
    if len(text) > _LONG_BYTES and b"\\" not in text:  # a backslash escapes the next character
        text = text.translate(None, _NO_MARKS).replace(b'""', b"")  # joining two strings hides no bracket
    if text.count(b"[") + text.count(b"{") <= limit:
        return
    brackets = _STRINGS.sub(b"", text).translate(_STEPS, _NO_BRACKETS)
    depths = np.cumsum(np.frombuffer(brackets, np.int8), dtype=np.int32)
    if depths.max(initial=0) > limit:
        raise SeldonError(f"the JSON nests deeper than {limit} levels (SELDON_MAX_NESTING)")
