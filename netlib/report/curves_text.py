"""Curves in a terminal: one panel below the other, in braille or ASCII, with or without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from netlib.report import numbers
from netlib.report.canvas import Canvas
from netlib.report.curves import Curve, Panel
from netlib.report.layout import GAP, bold, wrapped

HEIGHT = 13
WIDEST = 110
FLAT = 1e-9
"""Values that differ by less than this part of them are one."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLORS = ("36", "33", "35", "32", "34", "31")
"""ANSI, one after the other for the runs."""


@dataclass(frozen=True)
class Style:
    """What the stream shows: characters in a line, braille or ASCII, colour."""

    width: int
    draws: bool = True
    color: bool = False


def curves_text(panels: Sequence[Panel], style: Style) -> str:
    """All panels, and then which run is which."""
    runs = list(dict.fromkeys(run for panel in panels for run in panel.runs))
    parts = [_panel(panel, runs, style) for panel in panels]
    return "\n\n".join("\n".join(part) for part in [*parts, _legend(panels, runs, style)]) + "\n"


@dataclass(frozen=True)
class _Scale:
    """From a range of values to so many dots."""

    low: float
    high: float
    dots: int
    log: bool = False

    def dot(self, value: float) -> int:
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        part = 0.5 if self.flat else (at - low) / (high - low)
        return min(self.dots - 1, max(0, round(part * (self.dots - 1))))

    @property
    def flat(self) -> bool:
        """Whether all values are one, but for what rounding does to them."""
        return self.high - self.low <= FLAT * max(abs(self.high), abs(self.low))

    @property
    def middle(self) -> float:
        return math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2


def _panel(panel: Panel, runs: Sequence[str], style: Style) -> list[str]:
    title = bold(f"{panel.metric}{' (logarithmic)' if panel.log else ''}", style.color)
    points = [point for curve in panel.curves for point in panel.drawn(curve)]
    if not points:
        return [title, "  nothing to draw: no value is a number" + (" above zero" if panel.log else "")]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    ticks = _ticks(_Scale(min(ys), max(ys), HEIGHT, panel.log))
    gutter = max(map(len, ticks.values()))
    canvas = Canvas(_columns(style, gutter, runs), HEIGHT, braille=style.draws)
    across, down = canvas.size
    x, y = _Scale(min(xs), max(xs), across), _Scale(min(ys), max(ys), down, panel.log)
    ends: dict[int, str] = {}
    for curve in sorted(panel.curves, key=lambda curve: not curve.dashed):  # what is solid lies on top
        dots = [(x.dot(a), down - 1 - y.dot(b)) for a, b in panel.drawn(curve)]
        letter, color = _look(curve.run, runs, style)
        if len(dots) == 1:
            canvas.mark(*dots[0], "•" if style.draws else letter, color)
        else:
            canvas.line(dots, "." if curve.dashed else letter, color, dashed=curve.dashed)
        if dots and not _is_beside(curve, panel):
            row = dots[-1][1] * HEIGHT // down
            ends[row] = ends.get(row, "") + letter
    _mark_best(panel, runs, canvas, (x, y), style)
    return [
        title,
        *_framed(canvas, ticks, gutter, ends if len(runs) > 1 else {}, style),
        _axis(panel, x, gutter, canvas),
    ]


def _mark_best(panel: Panel, runs: Sequence[str], canvas: Canvas, scales: tuple[_Scale, _Scale], style: Style) -> None:
    for curve in panel.curves:
        if curve.best and panel.can_draw(curve.best[1]):
            at = scales[0].dot(curve.best[0]), canvas.size[1] - 1 - scales[1].dot(curve.best[1])
            canvas.mark(*at, _best_mark(style), _look(curve.run, runs, style)[1])


def _ticks(scale: _Scale) -> dict[int, str]:
    """What stands at the left of which row."""
    values = {0: scale.high, HEIGHT // 2: scale.middle, HEIGHT - 1: scale.low}
    return {row: numbers.metric(value) for row, value in values.items() if not scale.flat or row == HEIGHT // 2}


def _framed(canvas: Canvas, ticks: dict[int, str], gutter: int, ends: dict[int, str], style: Style) -> list[str]:
    """With the values at the left, and the letters of the runs where their curves end at the right."""
    bar, tick, corner, floor = "│┤└─" if style.draws else "|++-"
    lines = [
        f"{ticks.get(row, ''):>{gutter}} {tick if row in ticks else bar}{line} {ends.get(row, '')}".rstrip()
        for row, line in enumerate(canvas.lines())
    ]
    return [*lines, f"{'':>{gutter}} {corner}{floor * canvas.columns}"]


def _axis(panel: Panel, scale: _Scale, gutter: int, canvas: Canvas) -> str:
    low, high = (_at(panel.x, value) for value in (scale.low, scale.high))
    if scale.flat:
        return f"{'':>{gutter}}  {f'{panel.x} {low}':^{canvas.columns}}".rstrip()
    room = canvas.columns - len(low) - len(high)
    return f"{'':>{gutter}}  {low}{panel.x:^{max(room, len(panel.x) + 2)}}{high}"


def _at(x: str, value: float) -> str:
    return numbers.duration(value) if x == "time" else numbers.count(round(value))


def _columns(style: Style, gutter: int, runs: Sequence[str]) -> int:
    letters = 1 + len(runs) if len(runs) > 1 else 0
    return max(10, min(style.width, WIDEST) - gutter - 2 - letters)


def _legend(panels: Sequence[Panel], runs: Sequence[str], style: Style) -> list[str]:
    splits = {curve.split for panel in panels for curve in panel.curves}
    named = {
        "train": "- - train" if style.draws else "... train",
        "validation": "── validation" if style.draws else "abc validation",
    }
    key = [text for split, text in named.items() if split in splits]
    if any(curve.best for panel in panels for curve in panel.curves):
        key.append(f"{_best_mark(style)} best epoch")
    lines = []
    for run in runs:
        letter, color = _look(run, runs, style)
        name = f"{letter}{GAP}{run}"
        first, *more = wrapped(f"{name}{GAP}{_best_text(run, panels)}".rstrip(), style.width, GAP * 2)
        lines += [f"\x1b[{color}m{name}\x1b[0m{first.removeprefix(name)}" if color else first, *more]
    return [*lines, *(["   ".join(key)] if key else [])]


def _best_text(run: str, panels: Sequence[Panel]) -> str:
    """What the run's best epoch has of each metric."""
    marked = [
        (panel, curve, curve.best) for panel in panels for curve in panel.curves if curve.run == run and curve.best
    ]
    found = [
        f"{'.'.join(filter(None, (curve.split, panel.metric)))} {numbers.metric(y)}" for panel, curve, (_, y) in marked
    ]
    x = panels[0].x
    return f"best at {x} {_at(x, marked[0][2][0])}: {', '.join(found)}" if marked else ""


def _is_beside(curve: Curve, panel: Panel) -> bool:
    """Whether another curve of the run says where it ends."""
    return curve.dashed and any(other.run == curve.run and not other.dashed for other in panel.curves)


def _look(run: str, runs: Sequence[str], style: Style) -> tuple[str, str]:
    """The letter of a run and its colour."""
    number = runs.index(run)
    return LETTERS[number % len(LETTERS)], COLORS[number % len(COLORS)] if style.color else ""


def _best_mark(style: Style) -> str:
    return "●" if style.draws else "*"
