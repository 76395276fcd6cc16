"""The facade for plugin authors: complete, in order, and without anything private."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from seldon_runtime import plugin


def imported_names() -> list[str]:
    tree = ast.parse(Path(inspect.getfile(plugin)).read_text())
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def test_the_facade_is_what_it_imports() -> None:
    assert set(plugin.__all__) == set(imported_names())
    assert len(plugin.__all__) == len(set(plugin.__all__))
    assert not [name for name in plugin.__all__ if name.startswith("_")]


def test_every_class_and_function_of_the_facade_has_a_docstring() -> None:
    objects = {name: getattr(plugin, name) for name in plugin.__all__}
    bare = [
        name
        for name, found in objects.items()
        if (inspect.isclass(found) or inspect.isfunction(found)) and not inspect.getdoc(found)
    ]
    assert bare == []
