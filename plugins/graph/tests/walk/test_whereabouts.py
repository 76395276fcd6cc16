"""The text about the nodes that have not answered."""

from __future__ import annotations

import pytest

from seldon_runtime_graph.walk.whereabouts import Whereabouts


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], ""),
        (["a"], "the node 'a'"),
        (["a", "b"], "the nodes 'a' and 'b'"),
        (list("abcde"), "the nodes 'a', 'b', 'c', 'd' and 'e'"),
        (list("abcdef"), "the nodes 'a', 'b', 'c', 'd', 'e' and 1 more"),
        (["n" * 500], f"the node '{'n' * 79}"),
    ],
)
def test_the_first_names_are_told_and_the_others_counted(names, wanted):
    place = Whereabouts()
    place.below(names)
    assert place.text() == wanted


def test_branches_below_a_node_are_told_in_its_place():
    place = Whereabouts("root")
    assert place.text() == "the node 'root'"
    first, second = place.below(["x", "y"])
    first.below(["z"])
    assert place.text() == "the nodes 'z' and 'y'"
    second.asked = None
    assert place.text() == "the node 'z'"
    place.branches = ()
    place.asked = None
    assert place.text() == ""


def test_branches_of_any_depth_are_told():
    place = bottom = Whereabouts()
    for _ in range(5_000):
        (bottom,) = bottom.below(["x"])
    bottom.asked = "deep"
    assert place.text() == "the node 'deep'"
