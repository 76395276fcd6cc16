"""Inputs made of other inputs, so that they get past a decoder's first checks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mutate = Callable[[bytes, Random, Sequence[bytes]], bytes]
"""Makes an input of one, with those that it may borrow from."""

_VALUES: list[Any] = [
    *(None, True, False, "", [], {}, [[]], [{}], 0, -1, 1, 0.5, -0.0, 1e308, 5e-324),
    *(2**31, 2**31 - 1, 2**32, 2**53 + 1, 2**62, 2**63, -(2**63), 2**64, 10**30, 10**400),
    *(
        math.nan,
        math.inf,
        -math.inf,
        "NaN",
        "Infinity",
        "1",
        "-1",
        "1e999",
        "AAAA",
        "AAA",
        "é",
        "\ud800",
        "\0",
    ),
    *("x" * 300, [1, [2]], [[1, 2], [3]], [1, "a"], [None], [[1.5, 2.5]], {"a": {"a": 1}}, [10_000, 0]),
]
_TOKENS = [
    *(
        b"",
        b"\0",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b"\\",
        b"\\u",
        b"\\ud800",
        b":",
        b",",
        b"=",
        b";",
        b"&",
        b"%",
        b"%ff",
        b"--",
        b"-",
    ),
    *(
        b"null",
        b"true",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"9" * 400,
        b"0x10",
        b"-0",
        b"[" * 200,
        b"!!",
        b"*a",
        b"&a ",
    ),
]
_MOST_BYTES = 64 * 1024


def as_bytes(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Pieces are cut out, doubled, changed, or taken from another input."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        start = random.randint(0, len(data))
        end = min(len(data), start + random.choice((0, 1, 1, 2, 4, 16, 256)))
        match random.randrange(6):
            case 0:
                new = b""
            case 1:
                new = data[start:end] * 2
            case 2:
                new = random.randbytes(end - start)
            case 3:
                new = random.choice(_TOKENS)
            case 4:
                other = random.choice(others)
                begin = random.randint(0, len(other))
                new = other[begin : begin + random.choice((1, 4, 16, 64, 1024))]
            case _:
                new = bytes(byte ^ (1 << random.randrange(8)) for byte in data[start:end])
        data = data[:start] + new + data[end:]
    return data[:_MOST_BYTES]


def as_json(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Members and items are changed, moved, removed or taken from another input; mostly it stays JSON."""
    if random.random() < 0.2:
        return as_bytes(data, random, others)
    try:
        value = json.loads(data)
        donor = json.loads(random.choice(others))
    except (ValueError, RecursionError):
        return as_bytes(data, random, others)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        value = _changed(value, random, donor)
    return json.dumps(value, ensure_ascii=random.random() < 0.9).encode("utf-8", "surrogatepass")[
        :_MOST_BYTES
    ]


def _changed(value: Any, random: Random, donor: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.85:
        return _changed_members(value, random, donor)
    if isinstance(value, list) and value and random.random() < 0.8:
        items = list(value)
        place = random.randrange(len(items))
        match random.randrange(6):
            case 0:
                del items[place]
            case 1:
                items.insert(place, random.choice(items))
            case 2:
                items *= random.choice((2, 3, 10))
            case _:
                items[place] = _changed(items[place], random, donor)
        return items[:2000]
    if isinstance(value, str) and random.random() < 0.3:
        place = random.randint(0, len(value))
        return value[:place] + random.choice((*value, "\ud800", "\0", "é", "=", "1")) + value[place:]
    if isinstance(value, int | float) and random.random() < 0.3 and abs(value) < 1e15:
        return random.choice((-value, value + 1, value * 1000, str(value), value + 0.5))
    return random.choice((random.choice(_VALUES), [value], {"a": value}, _part(donor, random)))


def _changed_members(value: dict[str, Any], random: Random, donor: Any) -> dict[str, Any]:
    members = dict(value)
    name = random.choice(list(members))
    match random.randrange(8):
        case 0:
            del members[name]
        case 1:
            members[_name(donor, random)] = members.pop(name)
        case 2:
            members[_name(donor, random)] = _part(donor, random)
        case _:
            members[name] = _changed(members[name], random, donor)
    return members


def _part(value: Any, random: Random) -> Any:
    """Some value that occurs in it."""
    while isinstance(value, dict | list) and value and random.random() < 0.7:
        value = random.choice(list(value.values()) if isinstance(value, dict) else value)
    return value


def _name(value: Any, random: Random) -> str:
    """Some name of a member that occurs in it."""
    names: list[str] = []
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            names += part
            parts += part.values()
        elif isinstance(part, list):
            parts += part[:20]
    return random.choice(names) if names else "a"
