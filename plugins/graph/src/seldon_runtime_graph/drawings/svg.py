"""Graphs as pictures: a small SVG without scripts, styles and links, for files and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from seldon_runtime_graph.drawings.kinds import heading_of, kind_of
from seldon_runtime_graph.spec.model import Node, Predictor

_LETTER, _LINE, _PAD, _GAP, _RISE, _MARGIN = 7.3, 16, 12, 18, 44, 16
"""The pixels of a letter and a line, around a text, between boxes, between levels, around the picture."""
_LONGEST = 40
"""Letters of a line; a longer text is cut, and complete in the box's title."""
_FILLS = {
    "MODEL": "#e8f0fe",
    "ROUTER": "#fff3d1",
    "RANDOM_ABTEST": "#fff3d1",
    "SIMPLE_ROUTER": "#fff3d1",
    "COMBINER": "#e3f4e8",
    "AVERAGE_COMBINER": "#e3f4e8",
}
_OTHER_FILL = "#f1f1f4"

Runs = Callable[[Node], str]
"""Returns the class of a node."""


@dataclass(slots=True)
class _Box:
    node: Node
    lines: list[str]
    depth: int
    children: list[_Box] = field(default_factory=list)
    tree_width: float = 0.0
    """The width of the box with all boxes below it."""
    center: float = 0.0

    @property
    def width(self) -> float:
        return max(len(line) for line in self.lines) * _LETTER + 2 * _PAD

    @property
    def height(self) -> float:
        return len(self.lines) * _LINE + _PAD


def picture(predictors: Sequence[tuple[Predictor, Runs | None]]) -> str:
    """Return an SVG of graphs, one below the other: name and kind of each node, and numbered branches.

    Args:
        predictors: at least one, each with a function for a further line of its nodes, or None.
    """
    drawn: list[str] = []
    top, right = float(_MARGIN), 0.0
    for predictor, runs in predictors:
        if len(predictors) > 1:
            drawn.append(_text(_MARGIN, top + _LINE - 4, heading_of(predictor), anchor="start", bold=True))
            top += _LINE + 8
        boxes = _laid_out(predictor.graph, runs)
        level = boxes[0].height + _RISE
        for box in boxes:
            drawn += _drawn(box, top, level)
        right = max(right, boxes[0].tree_width + 2 * _MARGIN)
        top += (boxes[-1].depth + 1) * level - _RISE + _GAP
    size = f'width="{right:.0f}" height="{top:.0f}" viewBox="0 0 {right:.0f} {top:.0f}"'
    fonts = 'font-family="monospace" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {fonts} role="img">'
    return "\n".join([head, "<title>inference graph</title>", *drawn, "</svg>"])


def _laid_out(root: Node, runs: Runs | None) -> list[_Box]:
    """Return the boxes with their places, the levels one after the other."""
    boxes = [_box(root, runs, 0)]
    for box in boxes:  # grows meanwhile
        box.children = [_box(child, runs, box.depth + 1) for child in box.node.children]
        boxes += box.children
    for box in reversed(boxes):
        box.tree_width = max(box.width, _width(box.children))
    boxes[0].center = _MARGIN + boxes[0].tree_width / 2
    for box in boxes:
        left = box.center - _width(box.children) / 2
        for child in box.children:
            child.center = left + child.tree_width / 2
            left += child.tree_width + _GAP
    return boxes


def _box(node: Node, runs: Runs | None, depth: int) -> _Box:
    lines = [node.name, kind_of(node), *([] if runs is None else [runs(node)])]
    return _Box(node, [_short(line) for line in lines], depth)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _width(boxes: Sequence[_Box]) -> float:
    return sum(box.tree_width for box in boxes) + _GAP * max(len(boxes) - 1, 0)


def _drawn(box: _Box, top: float, level: float) -> Iterator[str]:
    y = top + box.depth * level
    for branch, child in enumerate(box.children):
        begin, end = y + box.height, y + level
        line = f'x1="{box.center:.1f}" y1="{begin:.1f}" x2="{child.center:.1f}" y2="{end:.1f}"'
        yield f'<line {line} stroke="#777"/>'
        yield _text((box.center + child.center) / 2 + 8, (begin + end) / 2 + 4, str(branch), fill="#777")
    fill = _FILLS.get(box.node.implementation or box.node.type or "MODEL", _OTHER_FILL)
    x = box.center - box.width / 2
    yield f"<g><title>{_escaped(box.node.name)}</title>"
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
        f'fill="{fill}" stroke="#777"/>'
    )
    for place, line in enumerate(box.lines):
        yield _text(box.center, y + (place + 1) * _LINE + 1, line, bold=place == 0)
    yield "</g>"


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", bold: bool = False, fill: str = ""
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place}{weight} fill="{fill or "#222"}">{_escaped(text)}</text>'


def _escaped(text: str) -> str:
    """Return a text for XML, without the characters that XML forbids."""
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text))
