"""A few thousand of the inputs that ``tox run -e fuzz`` makes by the million."""

from __future__ import annotations

from random import Random

import pytest

from .targets import TARGETS

INPUTS = 300


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoder_raises_nothing_but_what_its_contract_says(name):
    target = TARGETS[name]
    for data in target.inputs(INPUTS, Random(name)):
        try:
            target.check(data)
        except Exception as error:
            raise AssertionError(f"{name} with {data!r}") from error
