"""How deeply a JSON text nests, without parsing it."""

from __future__ import annotations

import re

from seldon_runtime.errors import SeldonError

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def check_nesting(text: bytes, limit: int) -> None:
    """Refuse a JSON text that nests deeper than ``limit``. Exact for valid JSON in UTF-8.

    Most requests have fewer brackets than the limit and cost two counts. Else the
    brackets alone are kept, and pairs are removed from the inside out, a level a pass.

    Raises:
        SeldonError: BAD_DATA.
    """
    if text.count(b"[") + text.count(b"{") <= limit:
        return
    brackets = _STRINGS.sub(b"", text).translate(None, _NO_BRACKETS)
    for _ in range(limit):
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not fewer or len(fewer) == len(brackets):  # nothing left, or no JSON: the parser's to refuse
            return
        brackets = fewer
    raise SeldonError(f"the JSON nests deeper than {limit} levels (SELDON_MAX_NESTING)")
