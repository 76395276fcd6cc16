"""The examples of the pages for plugin authors as installed plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)


@pytest.fixture
def installed(seldon_run: Any, install: Any) -> Callable[..., Any]:
    """``installed({group: {name: module}}, *words)``: a ``seldon-run`` with examples as plugins."""

    def run(
        groups: dict[str, dict[str, str]], *words: str, modules: tuple[str, ...] = (), **options: Any
    ) -> Any:
        targets = {target for entries in groups.values() for target in entries.values()}
        site = install("acme-examples", groups, PAGE.sources(*targets, *modules))
        env = {"PYTHONPATH": str(site), **options.pop("env", {})}
        return seldon_run(*words, env=env, **options)

    return run
