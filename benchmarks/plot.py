"""A bar chart as SVG, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_WIDTH, _LABEL, _NUMBER, _BAR, _GAP = 760, 110, 80, 16, 5
_COLOURS = {"seldon": "#2b6cb0", "bare": "#a0aec0"}
_OTHER = "#c6a15b"


def bars(groups: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Return horizontal bars as SVG, group by group, all on one scale.

    Args:
        groups: values by name, by the title of the group.
        unit: unit of the values.
    """
    largest = max(value for group in groups.values() for value in group.values())
    scale = (_WIDTH - _LABEL - _NUMBER) / largest
    shapes: list[str] = []
    y = 0
    for title, group in groups.items():
        y += 28
        shapes.append(f'<text x="0" y="{y - 8}" font-weight="bold">{escape(title)} ({escape(unit)})</text>')
        for name, value in group.items():
            middle = y + _BAR - 4
            width = max(1.0, value * scale)
            colour = _COLOURS.get(name, _OTHER)
            shapes += [
                f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>',
                f'<text x="{_LABEL + width + 6:.1f}" y="{middle}">{value:,.0f}</text>',
            ]
            y += _BAR + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 10}" '
        'font-family="sans-serif" font-size="13" fill="#4a5568">\n' + "\n".join(shapes) + "\n</svg>\n"
    )
