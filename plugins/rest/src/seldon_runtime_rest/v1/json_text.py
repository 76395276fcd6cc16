"""JSON text: msgspec reads it, with exact whole numbers of any size, and orjson writes it.

The standard library reads and writes the values that the protocol allows and these libraries refuse: NaN,
UTF-16, and whole numbers beyond 64 bits in an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import orjson

from seldon_runtime.protocols.non_finite import NonFinite, finite
from seldon_runtime.protocols.plain_values import plain_value

_decoder = msgspec.json.Decoder()
_ESCAPED = re.compile(r"[^\x00-\x7e]+")
"""The characters that the standard library escapes and orjson does not. DEL is one of them."""


def loads(text: bytes | str) -> Any:
    """Parse JSON text. NaN and Infinity literals, UTF-16 and a byte order mark are accepted.

    Raises:
        ValueError: the text is not valid JSON; the message says where.
        RecursionError: the text is nested too deeply.
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
    """Return a function that writes a value as UTF-8 JSON text with one newline at the end.

    The text is compact, or indented by two. The function raises TypeError or ValueError for a value that JSON
    cannot hold.

    Args:
        sort_keys: sort the keys of each object.
        ascii_only: escape all characters outside ASCII.
        indent: indent the text by two.
        non_finite: the replacement of NaN and infinities.
    """
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    option |= orjson.OPT_SORT_KEYS if sort_keys else 0
    option |= orjson.OPT_INDENT_2 if indent else 0

    option |= orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    option |= orjson.OPT_PASSTHROUGH_SUBCLASS  # the rule of values is written by plain_value alone
    is_null = non_finite is NonFinite.NULL  # which orjson writes

    def dumps(value: Any) -> bytes:
        if not is_null:
            value = finite(value, non_finite)
        try:
            text = orjson.dumps(value, plain_value, option)
        except TypeError:
            return _plain_dumps(_whole(value))
        return _escaped(text) if ascii_only and (b"\x7f" in text or not text.isascii()) else text

    def _plain_dumps(value: Any) -> bytes:
        write = partial(
            json.dumps,
            finite(plain_value(value), non_finite),
            sort_keys=sort_keys,
            allow_nan=False,
            indent=2 if indent else None,
            separators=None if indent else (",", ":"),
        )
        try:
            return write(ensure_ascii=ascii_only).encode() + b"\n"
        except UnicodeEncodeError:  # UTF-8 cannot hold half of a surrogate pair, but an escape can
            return write(ensure_ascii=True).encode() + b"\n"

    return dumps


def fragment(text: bytes) -> Any:
    """Return a member of an object that :func:`dumper` writes with a text that it has made before."""
    return orjson.Fragment(text.rstrip(b"\n").replace(b"\n", b"\n  "))  # lines: it was indented


def _whole(value: Any) -> Any:
    """Return a value without fragments."""
    if not isinstance(value, dict):
        return value
    return {
        key: json.loads(orjson.dumps(member)) if isinstance(member, orjson.Fragment) else member
        for key, member in value.items()
    }


def _escaped(text: bytes) -> bytes:
    """Escape the characters outside ASCII, which occur only inside strings."""
    return _ESCAPED.sub(lambda run: json.dumps(run.group())[1:-1], text.decode()).encode("ascii")
