"""The settings of values."""

from __future__ import annotations

import click
import pytest

from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.settings.value_options import value_options


def parsed(*words: str) -> dict[str, object]:
    command = click.Command("seldon-run", params=list(value_options()))
    return dict(command.make_context("seldon-run", list(words)).params)


def test_the_modes_of_nan_are_the_policies() -> None:
    assert parsed()["non_finite"] == NonFinite.NULL.value
    for policy in NonFinite:
        assert parsed("--non-finite", policy.value.upper())["non_finite"] == policy.value


def test_another_mode_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="'zero' is not one of"):
        parsed("--non-finite", "zero")
