"""The documentation says what the code does (property 8)."""

from __future__ import annotations

import re

import pytest

from seldon_runtime.plugins import registry
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.settings import options
from tests.support.paths import DOCS, ROOT

CONFIGURATION = (DOCS / "reference/settings.md").read_text()
PAGES = sorted(page.relative_to(ROOT) for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def declared_options():
    installed = [plugin for group in registry.SETTING_OF for plugin in registry.installed(group)]
    for plugin in (plugin for plugin in installed if plugin.distribution.startswith("seldon-runtime")):
        for _, option in PluginSet([plugin]).collect("seldon_options"):
            yield pytest.param(option, id=f"{plugin.name}:{option.name}")
    for option in options.options():
        yield pytest.param(option, id=option.name)


@pytest.mark.parametrize("option", list(declared_options()))
def test_every_setting_is_documented_with_its_variable(option):
    variables = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    assert option.help
    assert variables, f"{option.opts[0]} has no environment variable"
    rows = [
        line for line in CONFIGURATION.splitlines() if f"`{option.opts[0]}`" in line and line.startswith("|")
    ]
    assert any(all(f"`{variable}`" in row for variable in variables) for row in rows)


def test_every_documented_flag_exists():
    known = {flag for param in declared_options() for flag in param.values[0].opts}
    known |= {"--check", "--version", "--help", "--plugins", "--json", "--help-all"}
    documented = set(re.findall(r"`(--[a-z0-9-]+)", CONFIGURATION))
    assert documented - known == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_a_file_and_its_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(ROOT / page)):
        path, _, anchor = target.partition("#")
        if "://" not in target:
            file = (ROOT / page).parent / path if path else ROOT / page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), target


def without_code(file):
    return re.sub(r"```.*?```", "", file.read_text(), flags=re.S)


def anchors(file):
    titles = re.findall(r"^#+ (.*)$", without_code(file), re.M)
    return [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page):
    folders = "benchmarks|compat|core|docs|examples|packaging|plugins|tests"
    named = re.findall(rf"`((?:{folders})/[\w./-]+?)/?`", without_code(ROOT / page))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_a_heading_twice(page):
    found = anchors(ROOT / page)
    assert [anchor for anchor in found if found.count(anchor) > 1] == []
