"""The methods of a class as its source has them, without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_WITHOUT_METHODS = frozenset({"object", "SeldonComponent"})
"""Bases that define no method which counts: those of SeldonComponent do nothing."""


def methods_in_source(folder: Path, reference: str) -> frozenset[str] | None:
    """Return the names of a class's methods, inherited ones too; None without its source, or that of a base.

    Args:
        folder: the folder from which ``seldon-run`` would import the class.
        reference: the class, as MODEL_NAME names it.
    """
    name = re.split(r"[./:]", reference.removesuffix(".py"))[-1]
    for file in _files(folder, reference):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        if name in classes:
            return _with_bases(classes, name, set())
    return None


def _files(folder: Path, reference: str) -> list[Path]:
    if ".py" in reference:
        return [folder / reference.partition(":")[0]]
    module = re.split(r"[.:]", reference)
    whole, parent = folder.joinpath(*module), folder.joinpath(*module[:-1])
    files = [whole.with_suffix(".py"), whole / "__init__.py"]
    if len(module) > 1:
        files += [parent.with_suffix(".py"), parent / "__init__.py"]
    return files


def _with_bases(classes: dict[str, ast.ClassDef], name: str, known: set[str]) -> frozenset[str] | None:
    """Return the methods of a class and its bases; None if a base is not in the file."""
    if name in known or name in _WITHOUT_METHODS:
        return frozenset()
    if name not in classes:
        return None
    node = classes[name]
    functions = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    methods = {name for function in functions for name in (function.name, *_further_names(function))}
    for base in node.bases:
        inherited = _with_bases(classes, ast.unparse(base).rpartition(".")[2], known | {name})
        if inherited is None:
            return None
        methods |= inherited
    return frozenset(methods)


def _further_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Yield the names that decorators such as ``@method("predict")`` add."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=called, args=[ast.Constant(value=str(name))]):
                if ast.unparse(called).rpartition(".")[2] == "method":
                    yield name
