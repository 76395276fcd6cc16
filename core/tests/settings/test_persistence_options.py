"""The switch of persistence: on and off by any word for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.plugins.selection import Selection
from seldon_runtime.settings.persistence_options import switch

Run = Callable[..., Any]


@pytest.mark.parametrize("word", ["false", "False", "no", "off", "N", "0", ""])
def test_persistence_is_off_by_any_word_for_it(seldon_run: Run, word: str) -> None:
    assert seldon_run("MyModel", "--check", PERSISTENCE=word).settings["fake"]["persistence"] == "0"
    assert seldon_run("MyModel", f"--persistence={word or 0}", "--check").status == 0


@pytest.mark.parametrize("word", ["true", "YES", "on", "1"])
def test_persistence_is_on_by_any_word_for_it(word: str) -> None:
    assert switch(word) == "1"
    assert Selection.of({"persistence": word}).persistence == "1"
