"""Reading of the members of an object in the file; every fault names the place, the value and the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from reprlib import repr as seen
from typing import Any, NoReturn

from seldon_runtime.plugin import StartupError, closest


class Members:
    """An object of the file, and its place.

    Args:
        value: the object.
        path: its place, such as ``spec.predictors[0].graph``.
        about: words for messages that a reader finds the place by, such as ``node 'a'``.
    """

    def __init__(self, value: object, path: str, about: str = "") -> None:
        self.path = path
        self.about = about
        if not isinstance(value, Mapping):
            self.refuse(f"is {kind_of(value)}, expected an object")
        self.all: Mapping[Any, Any] = value

    def refuse(self, what: str, key: str | None = None) -> NoReturn:
        """Raise StartupError about this object or about one of its members."""
        path = self.path if key is None else f"{self.path}.{key}".lstrip(".")
        place = f"{path} ({self.about})" if self.about else path
        raise StartupError(f"{place or 'the file'} {what}")

    def value(self, key: str) -> Any:
        """Return a member; None when it is absent or null."""
        return self.all.get(key)

    def text(self, key: str) -> str | None:
        """Return a text; None when it is absent, null or empty."""
        value = self.value(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.refuse(f"is {seen(value)}, expected a text", key)
        self.check(value, key)
        return value

    def check(self, text: str, key: str) -> None:
        """Refuse a text of a member that UTF-8 cannot write, such as one half of a pair in JSON."""
        try:
            text.encode()
        except UnicodeEncodeError:
            self.refuse(f"is {seen(text)}, which has a lone surrogate, expected Unicode text", key)

    def required(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.text(key)
        if value is None:
            self.refuse(f"has no {key}")
        return value

    def whole(self, key: str) -> int | None:
        """Return a whole number; None when it is absent or null."""
        value = self.value(key)
        if value is not None and type(value) is not int:
            self.refuse(f"is {seen(value)}, expected a whole number", key)
        return value

    def truth(self, key: str) -> bool:
        """Return a boolean, False when it is absent or null."""
        value = self.value(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(f"is {seen(value)}, expected true or false", key)
        return bool(value)

    def object(self, key: str) -> Members:
        """Return an object, an empty one when it is absent or null."""
        value = self.value(key)
        return Members({} if value is None else value, f"{self.path}.{key}".lstrip("."), self.about)

    def list(self, key: str) -> list[Any]:
        """Return a list, an empty one when it is absent or null."""
        value = self.value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(f"is {kind_of(value)}, expected a list", key)
        return value

    def objects(self, key: str) -> Iterator[Members]:
        """Yield the objects of a list."""
        for index, value in enumerate(self.list(key)):
            yield Members(value, f"{self.path}.{key}[{index}]".lstrip("."), self.about)

    def texts(self, key: str) -> dict[str, str]:
        """Return an object whose values are texts or numbers, as text."""
        found = {
            str(name): str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.object(key).all.items()
            if value is not None
        }
        for text in (*found, *found.values()):
            self.check(text, key)
        return found

    def allow(self, known: frozenset[str]) -> None:
        """Refuse a member that is not known: it is likely misspelled."""
        for key in self.all:
            if key not in known:
                close = closest(str(key), known)
                hint = f"; did you mean {close[0]}?" if close else ""
                self.refuse(f"has the unknown member {key!r:.80}, expected {', '.join(sorted(known))}{hint}")


def kind_of(value: object) -> str:
    """Return a word for a value of the file, for messages."""
    words = {dict: "an object", list: "a list", str: f"the text {seen(value)}", type(None): "empty"}
    return words.get(type(value), f"the value {seen(value)}")
