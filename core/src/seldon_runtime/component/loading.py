"""Loading of the user's class by its name, with errors that say what to change.

A reference is ``MyModel`` (module and class of one name), ``pkg.mod.Class``,
``pkg.mod:Class``, ``pkg.MyModel`` (the class ``MyModel`` of ``pkg/MyModel.py``),
``path/MyModel.py`` or ``path/MyModel.py:Class``.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import Parameter
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from seldon_runtime.component.advice.import_errors import remedy_of
from seldon_runtime.component.advice.model_files import refuse_model_file
from seldon_runtime.component.advice.wrong_names import available, guess_of, no_class
from seldon_runtime.component.inspection.served import served_class
from seldon_runtime.errors import StartupError, described, thread_hint

_FILE = re.compile(r"(?P<file>.+\.py)(?::(?P<name>\w+))?")
_DOTTED = re.compile(r"(?P<module>[\w-]+(?:\.[\w-]+)*)(?P<separator>[.:])(?P<name>\w+)")


class _Target(NamedTuple):
    """The module to import, with ``folder`` first on sys.path, and the class to take from it."""

    folder: Path
    module: str
    name: str
    file: Path | None = None
    name_may_be_module: bool = False


def load_class(reference: str) -> type:
    """Import the module of ``reference`` and return the class; for a function a class that calls it.

    Blocks while the user's module runs, in the calling thread. The current directory, or the
    folder of the ``.py`` file, is put first on ``sys.path`` and stays there for later imports.

    Raises:
        StartupError: the reference is malformed; the module or class does not exist, or is neither a
            class nor a function; the name belongs to another module already; or the module raised while being
            imported, with its exception as ``__cause__``.
    """
    target = _parsed(reference)
    folder = str(target.folder)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    _refuse_clash(target)
    module = _imported(target.module, target.folder)
    found = _attribute(module, target.name)
    submodule = f"{target.module}.{target.name}"
    if not isinstance(found, type) and target.name_may_be_module and _exists(submodule, module):
        module = _imported(submodule, target.folder)
        found = _attribute(module, target.name)
    if found is None:
        raise StartupError(
            no_class(module, target.name, os.path.relpath(target.file) if target.file else None)
        )
    cls = served_class(found)
    if cls is None:
        kind = type(found).__name__
        raise StartupError(
            f"{target.name} in module {module.__name__!r} is a {kind}, expected a class or a function"
        )
    return cls


def create(cls: type, parameters: Mapping[str, Any]) -> object:
    """Construct the user's class with ``parameters`` as keywords.

    Compares the names with the constructor's signature first, so that a ``TypeError`` from inside the
    constructor never passes for a wrong parameter. Blocks while the constructor runs.

    Raises:
        StartupError: a parameter is unknown or missing; or the constructor raised, with its exception
            as ``__cause__``.
    """
    try:
        signature = inspect.signature(cls)
    except (TypeError, ValueError):  # a constructor in C without a signature checks its arguments itself
        pass
    else:
        _check_names(cls.__name__, list(signature.parameters.values()), parameters)
    with _user_code(f"the constructor of {cls.__name__} failed"):
        return cls(**parameters)


def create_served(component: object, parameters: Mapping[str, Any]) -> object:
    """Construct a class with ``parameters``; return an object as it is.

    Raises:
        StartupError: as :func:`create` does; or there are parameters for an object, which cannot take them.
    """
    if isinstance(component, type):
        return create(component, parameters)
    if parameters:
        raise StartupError(
            f"the component is an object, expected a class for the parameter {next(iter(parameters))!r}"
        )
    return component


def _parsed(reference: str) -> _Target:
    here = Path.cwd()
    refuse_model_file(reference)
    if match := _FILE.fullmatch(reference):
        # not resolved: a mounted ConfigMap is a link to a folder of another name
        file = Path(os.path.abspath(match["file"]))
        if not file.is_file():
            form = f"{os.path.relpath(file.parent)}/{{}}.py:{{}}".removeprefix("./")
            there = available([file.parent], file.stem, match["name"] or file.stem, form)
            raise StartupError(f"there is no file {file}{there}")
        if "." in file.stem:
            raise StartupError(
                f"{file} cannot be imported because of the dot in {file.stem!r}: rename the file"
            )
        return _Target(file.parent, file.stem, match["name"] or file.stem, file)
    if reference.isidentifier():
        return _Target(here, reference, reference)
    if match := _DOTTED.fullmatch(reference):
        return _Target(here, match["module"], match["name"], name_may_be_module=match["separator"] == ".")
    hint = f". Did you mean {reference}.py?" if Path(f"{reference}.py").is_file() else ""
    raise StartupError(
        f"{reference!r} does not name a class, expected MyModel, pkg.mod.Class, pkg.mod:Class, "
        f"path/MyModel.py or path/MyModel.py:Class{hint}"
    )


def _refuse_clash(target: _Target) -> None:
    """Raise StartupError if the module name of the user's file would import another module."""
    top = target.module.partition(".")[0]
    likely = (
        [target.file] if target.file else [target.folder / top / "__init__.py", target.folder / f"{top}.py"]
    )
    own = next((file for file in likely if file.is_file()), None)
    if own is None:
        return
    if top in sys.stdlib_module_names:
        raise StartupError(f"{own} has the name of the standard library's module {top!r}: rename it")
    spec = None if top in sys.modules else importlib.util.find_spec(top)
    origin = spec.origin if spec else getattr(sys.modules.get(top), "__file__", None)
    if origin is None or not os.path.exists(origin) or not os.path.samefile(origin, own):
        raise StartupError(
            f"{own} has the name of another module, {top!r} ({origin or 'built in'}): rename it"
        )


def _imported(name: str, folder: Path) -> ModuleType:
    module: ModuleType | None = None
    for part in accumulate(name.split("."), "{}.{}".format):
        if not _exists(part, module):
            raise StartupError(_no_module(part, module, folder))
        with _user_code(f"module {part!r} could not be imported", _file_of(part)):
            module = importlib.import_module(part)
    assert module is not None  # a name has at least one part
    return module


def _file_of(module: str) -> Path | None:
    """Return the file that an import of the module would run, without running it."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None


def _no_module(name: str, parent: ModuleType | None, folder: Path) -> str:
    if parent is None:
        return f"there is no module {name!r} in {folder} or installed{available([folder], name)}"
    folders = getattr(parent, "__path__", [])
    last = name.rpartition(".")[2]
    return f"there is no module {last!r} in {parent.__name__!r}{available(folders, last)}"


def _exists(name: str, parent: ModuleType | None) -> bool:
    """Return whether ``name`` can be imported, without running it."""
    if name in sys.modules:
        return True
    if parent is not None and not hasattr(parent, "__path__"):
        return False
    return importlib.util.find_spec(name) is not None


def _attribute(module: ModuleType, name: str) -> object:
    """Return an attribute of the module. Runs user code if the module defines ``__getattr__``."""
    with _user_code(f"{name} could not be taken from module {module.__name__!r}"):
        return getattr(module, name, None)


@contextmanager
def _user_code(failure: str, file: Path | None = None) -> Iterator[None]:
    """Convert every exception of user code at start-up, ``SystemExit`` too, to a StartupError."""
    try:
        yield
    except KeyboardInterrupt:  # not the user's code but the person at the keyboard
        raise
    except BaseException as error:
        remedy = f"{thread_hint(error)}{remedy_of(error, file)}"
        raise StartupError(f"{failure}: {described(_told(error))}{remedy}") from error


def _told(error: BaseException) -> BaseException:
    """Return the error to show: the cause, for the error of ``__set_name__`` before Python 3.12."""
    if isinstance(error, RuntimeError) and str(error).startswith("Error calling __set_name__"):
        return error.__cause__ or error
    return error


def _check_names(name: str, accepted: list[Parameter], given: Mapping[str, Any]) -> None:
    by_keyword = [p for p in accepted if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
    names = [p.name for p in by_keyword]
    listing = f"accepted: {', '.join(names)}" if names else "it accepts none"
    unknown = [key for key in given if key not in names]
    if unknown and not any(p.kind is Parameter.VAR_KEYWORD for p in accepted):
        raise StartupError(f"{name} has no parameter {unknown[0]!r}; {listing}{guess_of(names, unknown[0])}")
    missing = [p.name for p in by_keyword if p.default is Parameter.empty and p.name not in given]
    if missing:
        raise StartupError(
            f"{name} needs the parameter {missing[0]!r}, which is not set; {listing}. "
            "Set it in PREDICTIVE_UNIT_PARAMETERS or --parameters, or give it a default"
        )
