"""The hooks of the plugin, and the class of the objects that it loads from files ``*.my-name``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import StartupError, hookimpl


class MyNameComponent:
    """Answers each value with its entry of a table. It may define every method of a component.

    Args:
        entries: the entries by value.
        default: the answer for other values.
    """

    def __init__(self, entries: Mapping[str, str], default: str = "unknown") -> None:
        self.entries = entries
        self.default = default
        self.answered = 0

    def predict(self, X: Sequence[Any], features_names: Sequence[str]) -> list[str]:
        """Return an entry for each value of X, an array of shape (values,)."""
        self.answered += len(X)
        return [self.entries.get(str(value), self.default) for value in X]

    def tags(self) -> dict[str, Any]:
        """Return the number of values answered so far."""
        return {"answered": self.answered}


@hookimpl
def seldon_restore_component(reference: str, restore: Callable[[type], object | None]) -> object | None:
    """Return the object that PERSISTENCE has kept; None if it has none, or for another plugin's file."""
    return restore(MyNameComponent) if reference.endswith(".my-name") else None


@hookimpl
def seldon_load_component(reference: str, parameters: Mapping[str, Any]) -> object | None:
    """Return the object of a file, or None for another plugin's file. Runs on the component's thread."""
    if not reference.endswith(".my-name"):
        return None
    try:
        entries = json.loads(Path(reference).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StartupError(f"{reference} cannot be loaded: {error}") from error
    if not isinstance(entries, dict):
        raise StartupError(f"{reference} holds {type(entries).__name__}, expected a JSON object")
    try:
        return MyNameComponent(entries, **parameters)
    except TypeError as error:
        raise StartupError(f"{reference} does not take the parameters {sorted(parameters)}") from error
