"""The check of response headers of user code and plugins, by the rules of HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Real

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\u0100-\U0010ffff]*")
"""Valid names and values of headers (RFC 9110, section 5)."""
_OF_THE_SERVER = frozenset(
    {"connection", "content-length", "content-type", "date", "keep-alive", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)


def valid_headers(headers: object, owner: str) -> dict[str, str]:
    """Return response headers as names and texts; a number becomes its text.

    Args:
        headers: an object of user code or of a plugin.
        owner: the attribute that has the headers, such as ``SeldonError.headers``, for the message.

    Raises:
        ValueError: HTTP cannot carry a name or a value, or the server sets a header of this name itself.
    """
    if not isinstance(headers, Mapping):
        raise ValueError(f"{owner} is {headers!r:.80}, expected a dict of header names and texts")
    checked: dict[str, str] = {}
    for name, value in headers.items():
        text = str(value) if isinstance(value, Real) and not isinstance(value, bool) else value
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ValueError(f"{owner} has the name {name!r:.80}, expected that of an HTTP header")
        if name.lower() in _OF_THE_SERVER:
            raise ValueError(f"{owner} has {name!r}, which the server sets itself")
        if not (isinstance(text, str) and _VALUE.fullmatch(text)):
            raise ValueError(
                f"{owner} has {name!r:.80}: {value!r:.80}, expected a text without line breaks and other "
                "control characters, all of ISO 8859-1"
            )
        checked[name] = text
    return checked
