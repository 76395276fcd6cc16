"""The page for plugin authors: what it names exists, and its examples import public modules only."""

from __future__ import annotations

import ast
import re
from importlib import import_module

import pytest

from seldon_runtime import hookspecs
from seldon_runtime.plugins import registry
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.testing.served import settings_of
from seldon_runtime_tools.new_plugin.kinds import KINDS, SELECTIONS
from tests.support.pages import PLUGINS, Page

PAGES = [Page(*PLUGINS), Page("tutorials/first-transport.md"), Page("reference/hooks.md")]
PAGE = PAGES[0]
PUBLIC = ("seldon_runtime", "seldon_runtime.plugin", "seldon_runtime.testing")
EXTENSIONS = ("seldon_runtime_rest.extension", "seldon_runtime_grpc.extension")
EXAMPLES = [
    pytest.param(source, id=f"{page.name}:{name}") for page in PAGES for name, source in page.files.items()
]


@pytest.mark.parametrize("source", EXAMPLES)
def test_an_example_imports_public_modules_only(source: str) -> None:
    for node in ast.walk(ast.parse(source)):
        imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        for module in imported:
            if module.startswith("seldon_runtime"):
                is_protocol = module.startswith("seldon_runtime.protocols.")
                assert is_protocol or module in (*PUBLIC, *EXTENSIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_unknown_hook_is_named(page: Page) -> None:
    hooks = {name for name, value in vars(hookspecs).items() if callable(value)}
    others = {"seldon_http_routes", "seldon_grpc_services", "seldon_warmup_requests", "seldon_transprt"}
    allowed = {*hooks, *others, "seldon_runtime", "seldon_run"}
    assert set(re.findall(r"`(seldon_[a-z_]+)[`(]", page.text)) - allowed == set()


def test_every_entry_point_group_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `(seldon_runtime\.[a-z]+)` \| `(\w+)`", PAGE.text, re.M))
    assert rows == registry.SETTING_OF


def test_the_table_of_kinds_has_every_template_with_its_group() -> None:
    rows = re.findall(r"^\| .* \| `(seldon_runtime\.[a-z]+)` \| (.*) \|$", PAGE.text, re.M)
    listed = {(name, group) for group, names in rows for name in re.findall(r"`([a-z-]+)`", names)}
    assert listed >= {(kind.name, kind.entry_points) for kind in KINDS}
    assert {name for name, _ in listed} == {kind.name for kind in KINDS}
    assert {group for _, group in listed} == set(registry.SETTING_OF)
    for group, setting in SELECTIONS.items():
        assert setting.startswith(f"{registry.SETTING_OF[group]}=")


def test_the_public_names_of_user_classes_are_the_codes() -> None:
    names = re.search(r"^Public are: `seldon_runtime` \((.*?)\)", PAGE.text, re.S | re.M)
    assert names
    assert set(re.findall(r"`(\w+)`", names[1])) == set(import_module("seldon_runtime").__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_named_module_and_function_of_the_runtime_exists(page: Page) -> None:
    for dotted in set(re.findall(r"`(seldon_runtime\w*(?:\.\w+)+)`", page.text)) - set(registry.SETTING_OF):
        module, _, name = dotted.rpartition(".")
        try:
            import_module(dotted)
        except ModuleNotFoundError:
            assert hasattr(import_module(module), name), dotted


def test_the_settings_that_plugins_may_use_are_there() -> None:
    settings = settings_of(PluginSet([]))
    named = {name for page in PAGES for name in re.findall(r'`settings\["(\w+)"\]', page.text)}
    assert len(named) > 5
    for name in named:
        assert name in settings or name.startswith("zmq"), name
