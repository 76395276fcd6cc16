"""JSON text in and out: msgspec reads (whole numbers stay exact at any size), orjson writes.

What those refuse but the protocol takes (NaN, UTF-16, whole numbers beyond 64 bits
in an answer) goes through the standard library.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any

import msgspec
import numpy as np
import orjson

_decoder = msgspec.json.Decoder()
_ESCAPED = re.compile(r"[^\x00-\x7e]+")
"""Characters that the standard library escapes and orjson does not: DEL too."""


class NonFinite(Enum):
    """What becomes of NaN and infinities, which JSON cannot hold (RFC 8259, section 6)."""

    NULL = "null"
    STRING = "string"
    """``"NaN"``, ``"Infinity"``, ``"-Infinity"``: what protobuf JSON writes and reads."""
    ERROR = "error"


def loads(text: bytes | str) -> Any:
    """Parse JSON text. NaN and Infinity literals are taken; so are UTF-16 and a byte order mark.

    Raises:
        ValueError: no JSON; says where. RecursionError: nested too deeply.
    """
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(text)


def dumper(
    *,
    sort_keys: bool = True,
    ascii_only: bool = True,
    indent: bool = False,
    non_finite: NonFinite = NonFinite.NULL,
) -> Callable[[Any], bytes]:
    """A writer of compact (or indented by two) UTF-8 JSON text with one newline at the end.

    It raises TypeError or ValueError for what JSON cannot hold.
    """
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    option |= orjson.OPT_SORT_KEYS if sort_keys else 0
    option |= orjson.OPT_INDENT_2 if indent else 0

    is_null = non_finite is NonFinite.NULL  # which orjson writes

    def dumps(value: Any) -> bytes:
        if not is_null:
            value = _finite(value, non_finite)
        try:
            text = orjson.dumps(value, _default, option)
        except TypeError:
            try:
                text = orjson.dumps(value, _default, option | orjson.OPT_NON_STR_KEYS)
            except TypeError:
                return _plain_dumps(value)
        return _escaped(text) if ascii_only and (b"\x7f" in text or not text.isascii()) else text

    def _plain_dumps(value: Any) -> bytes:
        write = partial(
            json.dumps,
            _finite(value, non_finite),
            default=_plain_default,
            sort_keys=sort_keys,
            allow_nan=False,
            indent=2 if indent else None,
            separators=None if indent else (",", ":"),
        )
        try:
            return write(ensure_ascii=ascii_only).encode() + b"\n"
        except UnicodeEncodeError:  # half of a surrogate pair: no text in UTF-8, but it has an escape
            return write(ensure_ascii=True).encode() + b"\n"

    def _plain_default(value: Any) -> Any:
        try:
            return _default(value)
        except TypeError:  # dates and such, which orjson knows
            return json.loads(orjson.dumps(value, _default, option | orjson.OPT_NON_STR_KEYS))

    return dumps


def _escaped(text: bytes) -> bytes:
    """These characters occur only in strings, so they can be escaped where they stand."""
    return _ESCAPED.sub(lambda run: json.dumps(run.group())[1:-1], text.decode()).encode("ascii")


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        plain = (value.astype(np.float64) if value.dtype.kind == "f" else value).tolist()
        if not isinstance(plain, np.generic):  # Python has no such number
            return plain
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _finite(value: Any, policy: NonFinite) -> Any:
    """``value`` with NaN and infinities replaced, at any depth, and numbers that are keys as text."""
    if isinstance(value, np.floating):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        if policy is NonFinite.ERROR:
            raise ValueError(f"{value!r} is no JSON number (SELDON_NON_FINITE=error)")
        if policy is NonFinite.NULL:
            return None
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_key(key): _finite(member, policy) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member, policy) for member in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "iub" or (value.dtype.kind == "f" and np.isfinite(value).all()):
            return value
        return _finite(value.tolist(), policy)
    return value


def _key(key: Any) -> Any:
    if isinstance(key, np.generic):
        key = key.item()
    return json.dumps(key) if key is None or isinstance(key, int | float) else key
