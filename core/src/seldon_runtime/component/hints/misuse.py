"""Type hints that cannot be one, such as ``np.array``, which is a function."""

from __future__ import annotations

import inspect
import typing
from types import ModuleType
from typing import Any

from seldon_runtime.component.inspection.received_arrays import is_faithful

_FORMS = {dict: ("dict[key, value]", 2), list: ("list[item]", 1)}
"""The forms of containers, and the number of their parts."""


def misuse_of(hint: Any) -> str | None:
    """Return why a hint cannot be used, for a warning; None if it can be."""
    if isinstance(hint, str):
        if is_faithful(hint):
            return None
        return (
            "a name in it is not known where the method stands. Import or define it in the module, outside "
            "of TYPE_CHECKING"
        )
    if inspect.isroutine(hint) or isinstance(hint, ModuleType):
        kind = "module" if isinstance(hint, ModuleType) else "function"
        return f"it is a {kind}, expected a type such as np.ndarray"
    form, count = _FORMS.get(typing.get_origin(hint), ("", 0))
    parts = len(typing.get_args(hint))
    if form and parts != count:
        return f"it has {parts} part{'s' if parts > 1 else ''}, expected {form}"
    return None


def shown_hint(hint: Any) -> str:
    """Return a hint as its author wrote it, as far as Python knows."""
    if isinstance(hint, str):
        return hint
    return str(getattr(hint, "__name__", hint)) if typing.get_origin(hint) is None else str(hint)
