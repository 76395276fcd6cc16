"""Pictures of graphs."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_graph.drawings.svg import picture
from seldon_runtime_graph.spec.model import Node, Predictor

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*predictors):
    return ElementTree.fromstring(picture([(predictor, None) for predictor in predictors]))


def texts(root):
    return [each.text for each in root.iter(f"{SVG}text")]


def boxes(root):
    """The rectangles: left, top, right, bottom."""
    found = []
    for each in root.iter(f"{SVG}rect"):
        x, y, width, height = (float(each.get(key)) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + width, y + height))
    return found


def test_each_node_is_a_box_with_its_name_and_kind_and_branches_are_numbered():
    root = Node("r", "", "ROUTER", None, None, {}, (Node("a", ""), Node("b", "", None, ())))
    svg = drawn(Predictor("main", "", root))
    assert sorted(texts(svg)) == sorted(["r", "ROUTER", "a", "MODEL", "b", "no method", "0", "1"])
    assert len(boxes(svg)) == 3
    assert len(list(svg.iter(f"{SVG}line"))) == 2


def test_several_predictors_have_headings_and_a_further_line_shows_the_class():
    one = Predictor("main", "", Node("a", ""), traffic=90)
    two = Predictor("copy", "", Node("a", ""), shadow=True)
    assert {"main (90 %)", "copy (shadow)"} <= set(texts(drawn(one, two)))
    assert "main" not in "".join(texts(drawn(one)))
    assert "pkg.a" in picture([(one, lambda node: f"pkg.{node.name}")])


@st.composite
def trees(draw, depth=0):
    name = draw(st.text("ab", min_size=1, max_size=30))
    children = draw(st.lists(trees(depth + 1), max_size=3)) if depth < 3 else []
    return Node(name, "", children=tuple(children))


@given(root=trees())
def test_boxes_never_overlap_and_are_in_the_picture(root):
    svg = drawn(Predictor("main", "", root))
    found = boxes(svg)
    assert len(found) == len(list(root.walk()))
    by_level = sorted(found, key=lambda box: (box[1], box[0]))
    for left, right in pairwise(by_level):
        assert left[1] < right[1] - 1 or left[2] < right[0]
    assert min(box[0] for box in found) >= 0
    assert max(box[2] for box in found) <= float(svg.get("width"))
    assert max(box[3] for box in found) <= float(svg.get("height"))


@given(name=st.text(min_size=1))
def test_any_name_makes_a_picture_without_markup_of_its_own(name):
    svg = drawn(Predictor("main", "", Node(name, "")))
    assert {each.tag.removeprefix(SVG) for each in svg.iter()} == {"svg", "title", "g", "rect", "text"}
    if name.isprintable():
        assert svg.find(f"{SVG}g/{SVG}title").text == name


def test_a_long_chain_and_a_long_name_are_drawn():
    node = Node("x" * 500, "")
    for number in range(1500):
        node = Node(f"n{number}", "", children=(node,))
    svg = drawn(Predictor("main", "", node))
    assert len(boxes(svg)) == 1501
    assert max(map(len, texts(svg))) == 40
