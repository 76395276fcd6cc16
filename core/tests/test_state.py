"""The key of a component's state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.identity import Identity
from seldon_runtime.state import state_key


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        (Identity(), "persistence_0_0_0"),
        (Identity(unit="router", deployment="my-dep", predictor="p.1"), "persistence_my-dep_p.1_router"),
        (Identity(unit="a:5"), "persistence_0_0_a%3A5"),  # stores use the colon for versions
        (Identity(unit="../up"), "persistence_0_0_..%2Fup"),
        (Identity(unit="Grüße an\n\udcff%"), "persistence_0_0_Gr%C3%BC%C3%9Fe%20an%0A%FF%25"),
    ],
)
def test_plain_names_stand_as_they_are_and_others_as_in_urls(identity, key):
    assert state_key(identity) == key


@given(st.text(), st.text())
def test_two_units_have_two_keys(one, other):
    is_same = (one or "0") == (other or "0")
    assert (state_key(Identity(unit=one)) == state_key(Identity(unit=other))) is is_same
