"""Advice for values that an answer cannot hold: how to convert them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_BYTES = bytes | bytearray | memoryview | np.bytes_
_METHODS = ("collect", "compute", "to_numpy", "to_dict", "tolist")
"""Methods by which deferred results and containers of libraries give their values."""


def remedy_of(kind: type) -> str:
    """Return a sentence about a type whose values JSON cannot hold."""
    if issubclass(kind, _BYTES):
        return "Return bytes alone, or encode them, such as base64.b64encode(value).decode()"
    if issubclass(kind, complex | np.complexfloating):
        return "Return its .real and .imag"
    if issubclass(kind, Iterator):
        return "Return list(value)"
    if issubclass(kind, type):
        return "Return an instance of it, or its name"
    for method in _METHODS:
        if callable(getattr(kind, method, None)):
            return f"Return value.{method}()"
    if issubclass(kind, BaseException):
        return "Raise it, or return str(value)"
    if not kind.__dictoffset__:  # vars(value) needs a __dict__
        return "Return str(value), or a dict of its parts"
    return "Make its class a dataclass, or return vars(value)"
