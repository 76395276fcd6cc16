"""Every public module, and so every name of its ``__all__``, has its entry in the Python API.

Other entries have tests of their own: settings in test_docs, hooks and the names of the plugin facade in
test_plugin_reference, endpoints in test_rest_page, error codes and commands in test_reference_pages, and
metrics in tests/conformance/test_metrics_page.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from seldon_runtime import Component
from tests.support.paths import DOCS, ROOT

API = sorted((DOCS / "reference/python").glob("*.md"))
ENTRIES = [name for page in API for name in re.findall(r"^::: ([\w.]+)$", page.read_text(), re.M)]
SOURCES = [root for pattern in ("core/src", "plugins/*/src") for root in ROOT.glob(pattern)]


def public_modules(root: Path) -> list[str]:
    """Return the modules below a source folder that declare their public names."""
    files = [path for path in root.rglob("*.py") if re.search(r"^__all__ = ", path.read_text(), re.M)]
    return [
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in files
    ]


def test_every_public_module_has_one_entry() -> None:
    modules = {module for root in SOURCES for module in public_modules(root)}
    assert len(modules) > 5
    assert modules - set(ENTRIES) == set()
    assert [name for name, count in Counter(ENTRIES).items() if count > 1] == []


def test_every_page_of_the_python_api_is_in_its_index_and_in_the_navigation() -> None:
    index, navigation = (DOCS / "reference/python-api.md").read_text(), (ROOT / "mkdocs.yml").read_text()
    for page in API:
        assert f"](python/{page.name})" in index
        assert f"- reference/python/{page.name}\n" in navigation


@pytest.mark.parametrize("module", ENTRIES)
def test_every_entry_is_a_module_that_says_what_it_is_for(module: str) -> None:
    assert import_module(module).__doc__


def test_every_method_of_a_component_is_in_the_reference_of_the_class() -> None:
    page = (DOCS / "reference/component.md").read_text()
    methods = [name for name in vars(Component) if not name.startswith("_") and not name.endswith("_raw")]
    assert len(methods) > 10
    assert [name for name in methods if f"`{name}" not in page] == []
