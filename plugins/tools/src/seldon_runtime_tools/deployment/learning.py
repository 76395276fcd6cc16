"""Routers that learn from feedback: copies without shared state would each learn from a part of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from seldon_runtime.plugin import ServiceType

_FEEDBACK = {"send_feedback", "send_feedback_raw"}
_REMEDY = "keep its state with --setting PERSISTENCE=redis, or choose --min-replicas yourself"


def reason_for_one_replica(folder: Path, reference: str, service_type: ServiceType) -> str | None:
    """Return why a component without stored state must have one replica; None when it may have more.

    Reads the source of the class, and runs nothing.

    Args:
        folder: the component's folder.
        reference: MODEL_NAME.
        service_type: only routers are looked at: they exist to learn.
    """
    if service_type is not ServiceType.ROUTER:
        return None
    name = re.split(r"[./:]", reference.removesuffix(".py"))[-1]
    methods = _methods_of(folder, reference, name)
    if methods is None:
        return (
            f"one replica: the source of the router {name} is not in {folder}, and several replicas of "
            f"a router that learns would each learn from a part of the feedback; {_REMEDY}"
        )
    if methods & _FEEDBACK:
        return (
            f"one replica: the router {name} learns from feedback (send_feedback) and keeps no state, "
            f"so several replicas would each learn from a part of it; {_REMEDY}"
        )
    return None


def _methods_of(folder: Path, reference: str, name: str) -> set[str] | None:
    """Return the names of a class's methods, those of bases in the same file too; None without its source."""
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


def _with_bases(classes: dict[str, ast.ClassDef], name: str, known: set[str]) -> set[str]:
    if name not in classes or name in known:
        return set()
    node = classes[name]
    methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    for base in node.bases:
        if isinstance(base, ast.Name):
            methods |= _with_bases(classes, base.id, known | {name})
    return methods
