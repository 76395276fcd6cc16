"""Draws the picture of the landing page: clients, transports, one component, and the plugins around it.

    python packaging/picture.py

All text stands in filled boxes, so the picture is readable on light and on dark pages. Needs only the
standard library. A test fails when the drawn picture is not current.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "overview.svg"
WIDTH, HEIGHT = 800, 372
PLUGIN, CORE, OWN, OUTSIDE = "#00695c", "#1e4e8c", "#9a4a00", "#4a5568"
TEXT, LINE = "#ffffff", "#7b8794"
_LINE_HEIGHT = 17


@dataclass(frozen=True, slots=True)
class Box:
    """A filled box with lines of text, the first one bold."""

    left: int
    top: int
    width: int
    height: int
    colour: str
    lines: tuple[str, ...]

    def svg(self) -> str:
        """Return the box as SVG."""
        x = self.left + self.width / 2
        first = self.top + self.height / 2 - (len(self.lines) - 1) * _LINE_HEIGHT / 2 + 5
        shapes = [
            f'<rect x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}" rx="6" '
            f'fill="{self.colour}"/>'
        ]
        for number, line in enumerate(self.lines):
            weight = ' font-weight="bold"' if number == 0 else ""
            shapes.append(
                f'<text x="{x:g}" y="{first + number * _LINE_HEIGHT:g}"{weight}>{escape(line)}</text>'
            )
        return "\n".join(shapes)


CLIENTS = (
    Box(8, 96, 130, 48, OUTSIDE, ("HTTP client", "curl, a browser")),
    Box(8, 162, 130, 48, OUTSIDE, ("gRPC client", "any language")),
    Box(8, 228, 130, 48, OUTSIDE, ("anything else", "a queue, a socket")),
)
TRANSPORTS = (
    Box(206, 96, 120, 48, PLUGIN, ("REST", "JSON, OpenAPI")),
    Box(206, 162, 120, 48, PLUGIN, ("gRPC", "reflection, health")),
    Box(206, 228, 120, 48, PLUGIN, ("your transport",)),
)
QUEUE = Box(384, 96, 120, 180, CORE, ("the core", "limits", "deadlines", "queue", "life cycle"))
COMPONENT = Box(
    562, 96, 214, 180, OWN, ("your class", "predict(X, names)", "one object, one thread", "no base class")
)
AROUND = (
    Box(206, 24, 178, 44, PLUGIN, ("interceptors", "authentication, caching")),
    Box(402, 24, 178, 44, PLUGIN, ("observers", "metrics, tracing, logs")),
    Box(598, 24, 178, 44, PLUGIN, ("loaders", "files, registries")),
    Box(206, 304, 178, 44, PLUGIN, ("routes and services", "endpoints of your own")),
    Box(402, 304, 178, 44, PLUGIN, ("batchers", "several calls at once")),
    Box(598, 304, 178, 44, PLUGIN, ("stores of state", "Redis, a folder")),
)
LEGEND = (
    Box(8, 24, 130, 22, PLUGIN, ("a plugin",)),
    Box(8, 326, 130, 22, OWN, ("you write it",)),
)


def arrow(start: Box, end: Box, y: int) -> str:
    """Return an arrow in both directions between two boxes that stand side by side."""
    left, right = start.left + start.width + 8, end.left - 8
    return f'<path d="M{left} {y}H{right}" marker-start="url(#tip)" marker-end="url(#tip)"/>'


def picture() -> str:
    """Return the picture as SVG."""
    arrows = [
        arrow(client, transport, client.top + 24)
        for client, transport in zip(CLIENTS, TRANSPORTS, strict=True)
    ]
    arrows += [arrow(transport, QUEUE, transport.top + 24) for transport in TRANSPORTS]
    arrows.append(arrow(QUEUE, COMPONENT, 186))
    boxes = [box.svg() for box in (*CLIENTS, *TRANSPORTS, QUEUE, COMPONENT, *AROUND, *LEGEND)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="sans-serif" font-size="13" text-anchor="middle" fill="{TEXT}" role="img">',
            "<title>Clients call transports; one core runs one component; plugins stand around them</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="{LINE}"/></marker></defs>',
            f'<rect x="186" y="8" width="606" height="356" rx="10" fill="none" stroke="{LINE}" '
            'stroke-width="1.5" stroke-dasharray="5 4"/>',
            f'<g stroke="{LINE}" stroke-width="1.5" fill="none">',
            *arrows,
            "</g>",
            *boxes,
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
