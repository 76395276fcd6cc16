"""The public names, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import seldon_runtime


def test_every_public_name_can_be_had() -> None:
    for name in set(seldon_runtime.__all__) - {"hookimpl", "FaithfulArray"}:
        assert getattr(seldon_runtime, name).__name__ == name
    assert seldon_runtime.hookimpl.project_name == "seldon_runtime"
    assert "FaithfulArray" in repr(seldon_runtime.FaithfulArray)  # a type hint has no name of its own


def test_dir_shows_every_public_name_before_it_is_used() -> None:
    program = "import seldon_runtime; print(*dir(seldon_runtime))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {*seldon_runtime.__all__, "__version__", "__all__"} <= set(done.stdout.split())


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="module 'seldon_runtime' has no attribute 'Model'"):
        seldon_runtime.Model  # noqa: B018


def test_the_version_is_the_distributions() -> None:
    assert seldon_runtime.__version__ == version("seldon-runtime")


def modules_after(statement: str) -> set[str]:
    program = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {module.partition(".")[0] for module in done.stdout.split()}


def test_user_code_that_imports_the_public_names_loads_no_machinery() -> None:
    loaded = modules_after("from seldon_runtime import Component, Response, SeldonError")
    assert loaded & {"numpy", "pluggy", "stevedore", "click"} == set()


def test_the_core_imports_only_its_own_dependencies() -> None:
    loaded = modules_after("import seldon_runtime.cli.main, seldon_runtime.protocols.v1.codec")
    foreign = {name for name in loaded - sys.stdlib_module_names if not name.startswith("_")}
    foreign.discard("cython_runtime")  # a part of older NumPy that is no file
    assert foreign == {"seldon_runtime", "numpy", "pluggy", "stevedore", "click"}
