"""Text from outside on a terminal or in a log file, without the characters that control them.

Clients, users and files provide parts of log lines: paths, request ids, messages of exceptions. A line feed
in such a text would begin a new line, which looks like a record of its own. An escape sequence would change
the terminal.
"""

from __future__ import annotations

import re
import traceback
from types import TracebackType

_INDENTATION = "    "
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, line separators, and characters that reverse the direction."""


def printable(text: str) -> str:
    r"""Return the text with escaped control characters, such as ``\x1b``; line feeds and tabs stay."""
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def indented(text: str) -> str:
    """Return the text with escaped control characters, and all lines but the first indented."""
    if text.isprintable():
        return text
    return printable(text).replace("\n", f"\n{_INDENTATION}")


def exception_text(
    kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
) -> str:
    """Return the traceback as Python prints it; only the lines within messages of exceptions are indented."""
    text = "".join(traceback.format_exception(kind, value, trace)).rstrip("\n")
    for message in _messages(value):
        text = text.replace(message, indented(message))
    return printable(text)


def _messages(value: BaseException | None) -> list[str]:
    """Return the messages and notes that have several lines, of the exception and of its causes."""
    found: list[str] = []
    seen: set[int] = set()
    left = [value]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        try:
            texts = [str(one), *vars(one).get("__notes__", ())]
            found += [text for text in texts if isinstance(text, str) and "\n" in text.strip("\n")]
        except Exception:  # noqa: BLE001 - the exception's own __str__ fails, as traceback reports
            pass
        left += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
    return found
