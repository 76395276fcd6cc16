"""Requirements in plain numbers: what surely fits, fits by the library ``packaging`` too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from seldon_runtime.diagnostics.plain_versions import surely_fits

numbers = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
specifiers = st.one_of(
    st.tuples(st.sampled_from([">=", "<", "!=", "=="]), numbers).map("".join),
    numbers.map(lambda text: f"!={text}.*"),
    numbers.filter(lambda text: "." in text).map(lambda text: f"~={text}"),
)


@given(st.lists(specifiers, max_size=3), numbers)
def test_what_surely_fits_fits(parts: list[str], version: str) -> None:
    requirement = f"acme{','.join(parts)}"
    fits = Requirement(requirement).specifier.contains(version, prereleases=True)
    assert surely_fits(requirement, version) == (fits and "==" not in requirement)


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("acme>=1", "2rc1"),
        ("acme>=1rc1", "2"),
        ("acme[extra]>=1", "2"),
        ("acme>=1; python_version < '3'", "2"),
        ("acme @ https://example.org/acme.whl", "2"),
        ("acme~=1", "1"),
        ("acme>=1.*", "2"),
        ("acme~=1.0.*", "1.0"),
    ],
)
def test_another_form_is_left_to_the_library(requirement: str, version: str) -> None:
    assert not surely_fits(requirement, version)
