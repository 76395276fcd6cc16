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
from typing import Any

import msgspec
import numpy as np
import orjson

_decoder = msgspec.json.Decoder()
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")


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

    def dumps(value: Any) -> bytes:
        if non_finite is not NonFinite.NULL:  # orjson writes null
            value = _finite(value, non_finite)
        try:
            text = orjson.dumps(value, _default, option)
        except TypeError:
            try:
                text = orjson.dumps(value, _default, option | orjson.OPT_NON_STR_KEYS)
            except TypeError:
                return _plain_dumps(value)
        return _escaped(text) if ascii_only and not text.isascii() else text

    def _plain_dumps(value: Any) -> bytes:
        text = json.dumps(
            _finite(value, non_finite),
            default=_default,
            sort_keys=sort_keys,
            ensure_ascii=ascii_only,
            allow_nan=False,
            indent=2 if indent else None,
            separators=None if indent else (",", ":"),
        )
        return text.encode() + b"\n"

    return dumps


def _escaped(text: bytes) -> bytes:
    """Outside ASCII there are only characters of strings, so they can be escaped where they stand."""
    return _NON_ASCII.sub(lambda run: json.dumps(run.group())[1:-1], text.decode()).encode("ascii")


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _finite(value: Any, policy: NonFinite) -> Any:
    """``value`` with NaN and infinities replaced, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        if policy is NonFinite.ERROR:
            raise ValueError(f"{value!r} is no JSON number (SELDON_NON_FINITE=error)")
        if policy is NonFinite.NULL:
            return None
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(member, policy) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member, policy) for member in value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "iub" or (value.dtype.kind == "f" and np.isfinite(value).all()):
            return value
        return _finite(value.tolist(), policy)
    return value
