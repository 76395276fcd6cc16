"""The garbage collector, paused for as long as needed and no longer."""

from __future__ import annotations

import gc

import pytest

from seldon_runtime.protocols.collector import paused_collector


def test_it_runs_again_after_an_error() -> None:
    def read() -> None:
        with paused_collector():
            assert not gc.isenabled()
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        read()
    assert gc.isenabled()


def test_a_collector_that_the_user_has_turned_off_stays_off() -> None:
    gc.disable()
    try:
        with paused_collector():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
