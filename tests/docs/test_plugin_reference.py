"""The reference for plugin authors: signatures and tables are the code's, and no public name is missing."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from seldon_runtime import hookspecs, plugin, testing
from tests.support.pages import Page

PAGE = Page("reference/hooks.md")
FACADE = "seldon_runtime.plugin"
Declaration = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign


def declarations() -> Iterator[tuple[str, Declaration]]:
    """Yield each class, function and constant of the reference, with its module."""
    for module, text in PAGE.reference:
        for node in ast.parse(text).body:
            assert isinstance(node, Declaration), ast.unparse(node)
            yield module, node


def names_of(node: Declaration) -> list[str]:
    if not isinstance(node, ast.Assign):
        return [node.name]
    (target,) = node.targets
    return [ast.unparse(part) for part in (target.elts if isinstance(target, ast.Tuple) else [target])]


def home_of(module: str, name: str) -> str:
    """Return the module that defines a name which another one imports."""
    for node in ast.parse(inspect.getsource(import_module(module))).body:
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return str(node.module)
    return module


def source_of(module: str, node: Declaration) -> Any:
    """Return the code's own declaration of what the reference declares."""
    (name, *_) = names_of(node)
    if not isinstance(node, ast.Assign):
        found = getattr(import_module(module), name)
        return ast.parse(textwrap.dedent(inspect.getsource(found))).body[0]
    tree = ast.parse(inspect.getsource(import_module(home_of(module, name))))
    return next(
        other for other in tree.body if isinstance(other, ast.Assign) and names_of(other) == names_of(node)
    )


def members(node: ast.ClassDef) -> dict[str, str]:
    """Return what a class has, as text: fields with annotation and default, methods with signature."""
    found = {}
    for item in node.body:
        if isinstance(item, ast.AnnAssign):
            found[ast.unparse(item.target)] = ast.unparse(item)
        elif isinstance(item, ast.Assign):
            found[ast.unparse(item.targets[0])] = ast.unparse(item)
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            found[item.name] = signature(item)
    return {name: text for name, text in found.items() if name == "__init__" or not name.startswith("_")}


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    is_property = "property" in [ast.unparse(decorator) for decorator in node.decorator_list]
    head = "@property " if is_property else ""
    return f"{head}{kind} {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"


def attributes_set(node: ast.ClassDef) -> set[str]:
    """Return what the constructor sets."""
    return {
        target.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Assign | ast.AnnAssign)
        for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
        if isinstance(target, ast.Attribute)
    }


@pytest.mark.parametrize(
    ("module", "node"),
    [
        pytest.param(*found, id=f"{found[0].partition('.')[2]}.{names_of(found[1])[0]}")
        for found in declarations()
    ],
)
def test_every_declaration_is_the_codes(module: str, node: Declaration) -> None:
    real = source_of(module, node)
    if isinstance(node, ast.Assign):
        assert ast.unparse(node.value) == ast.unparse(real.value)
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        assert signature(node) == signature(real)
        return
    told, there = members(node), members(real)
    is_excerpt = any(isinstance(item, ast.Expr) and ast.unparse(item) == "..." for item in node.body)
    for name, text in told.items():
        if name in there:
            assert text == there[name]
        else:
            assert name in attributes_set(real), f"{node.name} has no {name}"
    if not is_excerpt:
        assert set(there) - set(told) - {"__init__"} == set()
    assert [ast.unparse(base) for base in node.bases] == [ast.unparse(base) for base in real.bases]


def test_every_public_name_is_documented_once_and_no_other() -> None:
    documented = [name for module, node in declarations() if module == FACADE for name in names_of(node)]
    assert sorted(documented) == sorted(plugin.__all__)


def test_every_name_of_the_http_extension_is_documented_and_no_other() -> None:
    module = "seldon_runtime_rest.extension"
    documented = [name for title, node in declarations() if title == module for name in names_of(node)]
    assert sorted(documented) == sorted(import_module(module).__all__)


def test_every_member_of_a_service_is_documented() -> None:
    section = PAGE.text.partition("Subclass `Service` itself")[2].partition("class Executor")[0]
    (shown,) = [node for _, node in declarations() if names_of(node) == ["Service"]]
    assert isinstance(shown, ast.ClassDef)
    further = set(members(source_of(FACADE, shown))) - set(members(shown)) - {"__init__", "state_saved"}
    assert further == set(re.findall(r"^\| `(\w+)\(", section, re.M)) - {"Service"}


# hooks


def hooks() -> set[str]:
    return {name for name, value in vars(hookspecs).items() if name.startswith("seldon_") and callable(value)}


def rows_of_hooks() -> dict[str, list[str]]:
    """Return the cells of each row of the hooks' table, by the hook's signature."""
    rows = re.findall(r"^\| `(seldon_\w+\([\w, ]*\))` \|(.*)\|$", PAGE.text, re.M)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in rows}


def test_every_hook_is_declared() -> None:
    declared = [names_of(node)[0] for module, node in declarations() if module == "seldon_runtime.hookspecs"]
    assert sorted(declared) == sorted(hooks())


@pytest.mark.parametrize("hook", sorted(hooks()))
def test_every_hook_says_its_result_when_it_runs_how_often_and_what_none_means(hook: str) -> None:
    function = getattr(hookspecs, hook)
    arguments = ", ".join(inspect.signature(function).parameters)
    returns, when, none = rows_of_hooks()[f"{hook}({arguments})"]
    assert returns
    assert re.search(r"\b(before|after|first|with|while)\b", when), when
    assert re.search(r"\b(once|more than once)\b", when), when
    assert none
    assert ("first result" in returns) == bool(function.seldon_runtime_spec["firstresult"])


def test_every_hook_of_a_transport_is_the_codes() -> None:
    rows = re.findall(
        r"^\| `(seldon_\w+)\(([\w, ]*)\)` \| `(seldon_runtime_\w+\.extension)` \|", PAGE.text, re.M
    )
    assert [name for name, _, _ in rows] == ["seldon_http_routes", "seldon_grpc_services"]
    for name, arguments, module in rows:
        function = getattr(import_module(module), name)
        assert ", ".join(inspect.signature(function).parameters) == arguments


# tables


def test_every_name_of_the_test_kit_is_in_its_table() -> None:
    section = PAGE.text.partition("## Testing kit")[2]
    rows = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))
    kit = set(re.findall(r"`([A-Z]\w+|client|[a-z]+_[a-z]+)(?:\(|`)", rows.partition("`call(")[0]))
    assert kit == set(testing.__all__)
