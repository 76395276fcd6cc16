"""The documentation says what the code does (property 8)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from seldon_runtime import options, plugins

ROOT = Path(__file__).parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PLUGIN_MODULES = sorted(
    {plugin.target for group in plugins.SETTING_OF for plugin in plugins.installed(group)}
)


def declared_options():
    for module in PLUGIN_MODULES:
        for option in getattr(import_module(module), "seldon_options", list)():
            yield pytest.param(option, id=f"{module}:{option.name}")
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
    known |= {"--check", "--version", "--help", "--plugins", "--json"}
    documented = set(re.findall(r"`(--[a-z-]+)", CONFIGURATION))
    assert documented - known == set()


@pytest.mark.parametrize(
    "page", sorted(p.relative_to(ROOT) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
)
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
