"""The key of a component's state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.inference.identity import Identity
from seldon_runtime.persistence.restore import CORRUPT
from seldon_runtime.persistence.store import old_state_key, state_key
from seldon_runtime.persistence.versioned_writer import CONFLICT


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


NAMES = st.text(alphabet="_0a%~", max_size=4) | st.text()


@given(NAMES, NAMES, NAMES, NAMES, NAMES, NAMES)
def test_two_components_have_two_keys(one, one_predictor, one_unit, other, other_predictor, other_unit):
    first = Identity(one_unit, None, one, one_predictor)
    second = Identity(other_unit, None, other, other_predictor)
    is_same = (one, one_predictor, one_unit) == (other, other_predictor, other_unit)
    assert (state_key(first) == state_key(second)) is is_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Identity(deployment="a_b", predictor="c"), Identity(deployment="a", predictor="b_c")),
        (Identity(unit="u_corrupt"), Identity(unit="u")),
        (Identity(deployment="0"), Identity()),
    ],
)
def test_components_whose_keys_were_once_alike_have_two(one, other):
    keys = {key + suffix for key in map(state_key, (one, other)) for suffix in ("", CORRUPT, CONFLICT)}
    assert len(keys) == 6


@pytest.mark.parametrize(
    ("identity", "old"),
    [
        (Identity(deployment="a_b", predictor="c"), "persistence_a_b_c_0"),
        (Identity(unit="0"), "persistence_0_0_0"),
        (Identity(unit="u", deployment="my-dep"), None),
        (Identity(), None),
    ],
)
def test_the_old_key_is_known_where_it_was_another_one(identity, old):
    assert old_state_key(identity) == old
