"""The threat model names modules and settings that exist."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import DOCS, ROOT

TEXT = (DOCS / "explanation/security.md").read_text()
SETTINGS = (DOCS / "reference/settings.md").read_text()
PACKAGES = [path for pattern in ("core/src/*", "plugins/*/src/*") for path in ROOT.glob(pattern)]


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`([\w/]+\.py)`", TEXT))))
def test_a_module_that_enforces_a_limit_exists(module: str) -> None:
    assert [package.name for package in PACKAGES if (package / module).exists()]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(--[a-z-]+|[A-Z]+_[A-Z_]+)(?:=\w+)?`", TEXT))))
def test_a_setting_of_the_threat_model_is_documented(name: str) -> None:
    assert f"`{name}`" in SETTINGS or name == "PYTHONPATH"
