"""Names of modules and classes that do not exist: what exists in their place, for messages."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from seldon_runtime.errors import closest

_MOST_SHOWN = 20


def no_class(module: ModuleType, name: str, file_given: str | None = None) -> str:
    """Return the message for a class that a module lacks, with what it defines in its place.

    Args:
        module: the module, imported.
        name: the class.
        file_given: the path of the module's file, if the reference is one.
    """
    own = {key: value for key, value in vars(module).items() if _is_of(module, value)}
    classes = [key for key, value in own.items() if isinstance(value, type)]
    file = getattr(module, "__file__", None)
    if file is None and (folders := list(getattr(module, "__path__", []))):
        example = "".join(f", such as {module.__name__}.{each}" for each in modules_in(folders)[:1])
        return f"{module.__name__!r} is the folder {folders[0]}, expected a class in it{example}"
    given = file_given or module.__name__
    failure = f"module {module.__name__!r} ({file or 'built in'}) has no class {name!r}; it defines"
    functions = [key for key, value in own.items() if inspect.isfunction(value)]
    if not classes and functions:
        chosen = "predict" if "predict" in functions else functions[0]
        remedy = f"To serve a function in place of a class, name it: {given}:{chosen}"
        return f"{failure} no class. {remedy}"
    if not classes and (folders := list(getattr(module, "__path__", []))):
        return f"{failure} none{available(folders, name, form=f'{module.__name__}.{{}}:{{}}')}"
    guess = guess_of(classes, name, f"{given}:")
    if classes and not guess:
        guess = f". Name one of them behind a colon, such as {given}:{classes[0]}"
    return f"{failure} {shown(classes)}{guess}"


def _is_of(module: ModuleType, value: object) -> bool:
    return getattr(value, "__module__", None) == module.__name__


def modules_in(folders: Iterable[str | Path]) -> list[str]:
    """Return the names of the modules in folders, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules([str(folder) for folder in folders]))


def available(
    folders: Iterable[str | Path], misspelled: str, class_name: str = "", form: str = "{}:{}"
) -> str:
    """Return the modules in folders, and which of them was probably meant, to append to a message.

    Args:
        folders: where the module was looked for.
        misspelled: the module's name.
        class_name: that of the class, if it is another one.
        form: the reference to a class, for the names of its module and of itself.
    """
    folders = list(folders)
    names = modules_in(folders)
    if not names:
        return ""
    class_name = class_name or misspelled
    holder = _module_with(class_name, map(Path, folders), names)
    guess = (
        guess_of(names, misspelled)
        if holder is None
        else f". Did you mean {form.format(holder, class_name)}?"
    )
    return f"; available: {shown(names)}{guess}"


def _module_with(class_name: str, folders: Iterable[Path], modules: Iterable[str]) -> str | None:
    """Return the module of another name whose text begins a class of this name, without running it."""
    begins = re.compile(rf"^class {re.escape(class_name)}\b".encode(), re.MULTILINE)
    for folder in folders:
        for name in modules:
            file = folder / f"{name}.py"
            if name != class_name and file.is_file() and begins.search(file.read_bytes()):
                return name
    return None


def shown(names: list[str]) -> str:
    """Return names as a text; of many, the first."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return (", ".join(names[:_MOST_SHOWN]) or "none") + more


def guess_of(names: list[str], misspelled: str, prefix: str = "") -> str:
    """Return the name that was probably meant, as a question to append to a message; or an empty text."""
    by_lower_case = {name.lower(): name for name in names}
    close = closest(misspelled.lower(), by_lower_case)
    return f". Did you mean {prefix}{by_lower_case[close[0]]}?" if close else ""
