"""Secrets in settings and texts: their recognition, and texts without them.

Settings, parameters and messages come from people and plugins, who may put a password anywhere. So the name,
the type and the form of a value decide.
"""

from __future__ import annotations

import json
import re

HIDDEN = "***"
"""The text in place of a secret."""

_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|(api|access|private)keys?$|(^|_)(key|auth|pwd)s?($|_)"
)
_NO_SECRET = re.compile(
    r"tls_key$|_?(file|path|folder|dir)$|tokeni[sz]|(^|_)(bos|eos|pad|unk|sep|cls|mask|stop|special)_tokens?$"
)
"""Files, and the words of language models."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_URL = re.compile(r"(^|_)(url|uri|dsn)$")
_PLAIN = re.compile(r"\s*(true|false|yes|no|on|off|none|null|[0-9]{0,5})\s*", re.IGNORECASE)
"""Switches and small numbers, such as those of JSON_SORT_KEYS and max_tokens."""
_CREDENTIALS = re.compile(r"""(?<=://)(?:[^\s"'<>/?#:@]*:[^\s"'<>]*|[^\s"'<>/?#@]+)@""")
_BARE_CREDENTIALS = re.compile(
    r"""(?<![^\s"'<>=,(\[])(?![\w+.-]+://)[^\s"'<>,@]*:[^\s"'<>,@]*@(?=[^\s"'<>,])"""
)
"""User and password before a host in an address that lacks ``//``."""
_NUMBER = re.compile(
    r"\s*([-+]?([0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|[-+]?(nan|inf|infinity)"
    r"|true|false|y|yes|t|on|n|no|f|off|none|null)?\s*",
    re.IGNORECASE,
)
"""Numbers and switches, as parameters of the types INT, FLOAT and BOOL have them."""
_QUERY = re.compile(
    r"""([?&;][\w.-]*(?:passw(?:or)?d|secret|token|api_?key|signature|credential)[\w.-]*=)[^\s"'<>&;#]+""",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Return whether a value of this name is likely a secret: a password, token or key, in any spelling."""
    words = _HUMP.sub("_", name).lower()
    return _SECRET.search(words) is not None and _NO_SECRET.search(words) is None


def holds_secret(name: str, value: str) -> bool:
    """Return whether a setting is likely a secret, by its name, or has credentials in an address.

    >>> holds_secret("API_KEY", "a1b2c3"), holds_secret("REDIS_URL", "redis://u:p@h"), holds_secret("N", "1")
    (True, True, False)
    """
    if is_secret_name(name) and not _PLAIN.fullmatch(value):
        return True
    return redacted_setting(value) != value


def redacted(text: str) -> str:
    """Return a text with ``***`` in place of the credentials in addresses. Cheap for a text without any.

    >>> redacted("cannot reach redis://me:sesame@host:6379/0?token=x")
    'cannot reach redis://***@host:6379/0?token=***'
    """
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{HIDDEN}", _CREDENTIALS.sub(f"{HIDDEN}@", text))


def redacted_setting(text: str) -> str:
    """Return a setting, or a message about one, without credentials, also in an address without ``//``.

    >>> redacted_setting("REDIS_SENTINELS is 'me:sesame@host', expected host:port")
    "REDIS_SENTINELS is '***@host', expected host:port"
    """
    return _BARE_CREDENTIALS.sub(f"{HIDDEN}@", redacted(text)) if "@" in text else redacted(text)


def is_plain_parameter(name: str, kind: object, value: object) -> bool:
    """Return whether the value of a parameter may be shown: a number or a switch, and of such a type.

    Args:
        name: the parameter's name, which may be that of a secret.
        kind: its type, such as ``INT``.
        value: its value in JSON, which may not fit the type.
    """
    if kind not in ("INT", "FLOAT", "DOUBLE", "BOOL") or not isinstance(value, str | int | float | None):
        return False
    text = value if isinstance(value, str) else json.dumps(value)
    return _NUMBER.fullmatch(text) is not None and not holds_secret(name, text)


def shown_setting(name: str, value: object) -> str:
    """Return a setting's value as text for people, without secrets.

    A value with a secret's or an address's name is hidden as a whole, unless it is a boolean. In
    ``parameters``, all values are hidden but numbers and switches without a secret's name.
    """
    if value is None:
        return ""
    text = str(value)
    if name == "parameters":
        return _shown_parameters(text)
    is_secret = (is_secret_name(name) and not isinstance(value, bool)) or _URL.search(name) is not None
    return HIDDEN if is_secret and text != "" else redacted_setting(text)


def _shown_parameters(text: str) -> str:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return HIDDEN
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return HIDDEN  # the start refuses such a text
    return json.dumps([_shown_parameter(entry) for entry in entries])


def _shown_parameter(entry: dict[str, object]) -> dict[str, object]:
    """Return the parameter without its value, unless that may be shown."""
    name, kind, value = entry.get("name"), entry.get("type"), entry.get("value")
    is_plain = is_plain_parameter(str(name), kind, value)
    return {"name": name, "value": value if is_plain else HIDDEN, "type": kind}
