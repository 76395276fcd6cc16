from __future__ import annotations

from seldon_runtime.protocols.remembered import Remembered


def test_it_begins_anew_instead_of_growing():
    known = Remembered()
    for number in range(256):
        known.remember(number, str(number))
    assert (len(known), known.get(0)) == (256, "0")
    known.remember(256, "256")
    assert known == {256: "256"}
