"""A picture as SVG: one file with everything in it, for a browser or a document."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from netlib.report.diagram.layout import CHARACTER, LINE, Box, Label, Point, Route, lay_out_graph
from netlib.spec.graph import Graph

_MARGIN = 20.0
_TITLE = 34.0
_STUB = 20.0
"""How far an edge goes down before it turns: past its label."""
_STYLE = """
text { font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2933; text-anchor: middle }
.title { font-size: 15px; font-weight: bold; text-anchor: start }
.name { font-weight: bold }
.shape { fill: #52606d }
.label { font-size: 10px; fill: #52606d; stroke: #fff; stroke-width: 5px; stroke-linejoin: round; paint-order: stroke }
.node rect { fill: #e8f1fb; stroke: #5b8db8 }
.node.plain rect { fill: #fff; stroke: #9aa5b1 }
.input rect { fill: #e6f6ec; stroke: #4d9c6d }
.output rect { fill: #fdf0e1; stroke: #c98a3d }
.container .frame { fill: #7b8794; fill-opacity: .06; stroke: #9aa5b1 }
.container .header { fill: #e4e7eb; stroke: #9aa5b1 }
.edge { fill: none; stroke: #616e7c; stroke-width: 1.2 }
""".strip()
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0.5 L8 4 L0 7.5 z" fill="#616e7c"/></marker></defs>'
)


def to_svg(graph: Graph, name: str, depth: int | None = None) -> str:
    """The text of an SVG file with the network's picture and its name above it."""
    picture = lay_out_graph(graph, depth)
    width = max(picture.width, len(name) * 1.25 * CHARACTER) + 2 * _MARGIN
    height = picture.height + _TITLE + 2 * _MARGIN
    size = f'width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}"'
    right = (width - picture.width) / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<title>{_text(name)}</title>",
        f"<style>{_STYLE}</style>",
        _ARROW,
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{_number(_MARGIN)}" y="{_number(_MARGIN + 12)}">{_text(name)}</text>',
        f'<g transform="translate({_number(right)} {_number(_MARGIN + _TITLE)})">',
        *map(_box, picture.boxes),
        *map(_edge, picture.routes),
        *map(_label, picture.labels),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    classes = f"{box.kind} plain" if box.kind == "node" and "," not in box.lines[1] else box.kind
    attributes = f'class="{classes}" data-name={quoteattr(box.name)} data-path={quoteattr(box.path)}'
    place = f'x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}"'
    frame = f'<rect class="frame" {place} height="{_number(box.height)}" rx="4"/>'
    header = f'<rect class="header" {place} height="{_number(box.header)}" rx="4"/>'
    shapes = f"{frame}{header}" if box.kind == "container" else frame
    return f"<g {attributes}><title>{_text(box.path or box.name)}</title>{shapes}{''.join(_lines(box))}</g>"


def _lines(box: Box) -> Iterator[str]:
    first = box.y + (box.header - len(box.lines) * LINE) / 2 + LINE * 0.72
    for index, line in enumerate(box.lines):
        style = ("name", "type", "shape")[min(index, 2)]
        x, y = _number(box.x + box.width / 2), _number(first + index * LINE)
        yield f'<text class="{style}" x="{x}" y="{y}">{_text(line)}</text>'


def _edge(route: Route) -> str:
    ends = f"data-source={quoteattr(route.source)} data-target={quoteattr(route.target)}"
    title = f"<title>{_text(f'{route.source} to {route.target}: {route.text}')}</title>"
    arrow = ' marker-end="url(#arrow)"' if route.arrives else ""
    path = f'<path class="edge" d="{_way(route.points)}"{arrow}/>'
    return f"<g {ends} data-inside={quoteattr(route.inside)}>{title}{path}</g>"


def _way(points: tuple[Point, ...]) -> str:
    (x, y), *rest = points
    parts = [f"M{_number(x)} {_number(y)}"]
    for across, down in rest:
        if abs(across - x) >= 0.05:
            y += _STUB
            middle = _number((y + down) / 2)
            parts.append(f"L{_number(x)} {_number(y)}")
            parts.append(f"C{_number(x)} {middle} {_number(across)} {middle} {_number(across)} {_number(down)}")
        else:
            parts.append(f"L{_number(across)} {_number(down)}")
        x, y = across, down
    return " ".join(parts)


def _label(label: Label) -> str:
    return f'<text class="label" x="{_number(label.x)}" y="{_number(label.y)}">{_text(label.text)}</text>'


def _text(text: str) -> str:
    """Escaped; characters that XML has not are replaced."""
    return escape("".join(c if c in "\t\n" or (ord(c) >= 32 and c not in "\ufffe\uffff") else "\ufffd" for c in text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
