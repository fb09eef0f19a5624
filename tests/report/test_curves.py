from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from netlib.report.canvas import Canvas
from netlib.report.curves import Curve, Panel, smoothed
from netlib.report.curves_picture import curves_figure, draw_curves
from netlib.report.curves_text import Style, curves_text


def curve(run, split, values, *, best=None, measured=None):
    places = tuple(float(number) for number in range(1, len(values) + 1))
    return Curve(run, split, places, tuple(values), tuple(measured or values), best)


def panel(*curves, metric="loss", x="epoch", log=False):
    return Panel(metric, x, log, curves)


ONE = panel(curve("mlp-1", "train", (4.0, 3.0, 2.0)), curve("mlp-1", "validation", (2.0, 1.0, 2.0), best=(2.0, 1.0)))
BRAILLE = """\
loss
4.0000 ┤⠑⠂ ⡀
       │   ⠈⠁ ⢄⡀
       │         ⠤⡀
       │            ⠒⠄
       │               ⠉⠂ ⡀
       │                  ⠈⠁ ⢄
2.5000 ┤                      ⠁ ⠤⡀
       │                           ⠢⠄
       │⢄⡀                            ⢑⡢
       │ ⠈⠑⠢⢄⡀                    ⢀⡠⠔⠊⠁
       │     ⠈⠑⠢⢄              ⣀⠤⠒⠁
       │         ⠉⠒⠤⣀      ⢀⡠⠔⠉
1.0000 ┤             ⠉⠒⠤●⠔⠊⠁
       └────────────────────────────────
        1            epoch             3

a  mlp-1  best at epoch 2:
    validation.loss 1.0000
- - train   ── validation   ● best epoch
"""
ASCII = """\
loss
4.0000 +..
       |  ...
       |     ...
       |        ...
       |           ...
       |              ...
2.5000 +                 ...
       |                    ...
       |aa                     aa
       |  aaa               aaa
       |     aaa         aaa
       |        aaa   aaa
1.0000 +           a*a
       +-------------------------
        1         epoch         3

a  mlp-1  best at epoch 2:
    validation.loss 1.0000
... train   abc validation   * best epoch
"""


def test_a_canvas_of_braille_sets_the_dots_of_the_standard():
    canvas = Canvas(2, 1, braille=True)
    assert canvas.size == (4, 4)
    canvas.line([(0, 0), (0, 3)], "x")  # dots 1, 2, 3 and 7
    canvas.line([(3, 3)], "x")  # dot 8 of the second
    assert canvas.lines() == [chr(0x2800 + 0b01000111) + chr(0x2800 + 0b10000000)]


def test_a_canvas_of_ascii_draws_its_characters_and_marks_go_over_them():
    canvas = Canvas(5, 3, braille=False)
    canvas.line([(0, 2), (4, 0)], "a")
    canvas.mark(4, 0, "*")
    assert [line.rstrip() for line in canvas.lines()] == ["   a*", "  a", "aa"]


def test_dashes_are_gaps_in_braille_and_none_in_ascii():
    for braille, filled in ((True, 8), (False, 16)):
        canvas = Canvas(16, 1, braille=braille)
        across = canvas.size[0]
        canvas.line([(0, 0), (across - 1, 0)], ".", dashed=True)
        dots = sum(bin(ord(char) - 0x2800).count("1") if braille else 1 for char in canvas.lines()[0] if char != " ")
        assert dots == pytest.approx(filled * (2 if braille else 1), abs=2)


def test_colours_begin_and_end_with_their_stretch():
    canvas = Canvas(4, 1, braille=False)
    canvas.line([(1, 0), (2, 0)], "a", "36")
    assert canvas.lines() == [" \x1b[36maa\x1b[0m "]


def test_smoothing_leaves_a_constant_and_what_is_not_finite():
    assert smoothed((3.0, 3.0, 3.0), 0.9) == pytest.approx((3.0, 3.0, 3.0))
    assert smoothed((1.0, 2.0), 0.0) == (1.0, 2.0)
    found = smoothed((1.0, math.nan, 3.0), 0.5)
    assert math.isnan(found[1])
    assert (found[0], found[2]) == (1.0, pytest.approx((3 + 0.5) / 1.5))


@pytest.mark.parametrize(("style", "text"), [(Style(40), BRAILLE), (Style(33, draws=False), ASCII)])
def test_one_run_looks_like_this(style, text):
    assert curves_text([ONE], style) == text
    assert text.isascii() is not style.draws


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("draws", [True, False])
def test_it_fills_the_width_and_no_more(width, draws):
    lines = curves_text([ONE], Style(width, draws)).splitlines()
    assert max(map(len, lines[:15])) == min(width, 110)


def test_several_runs_have_letters_where_their_curves_end():
    second = [curve("mlp-2", "validation", (4.0, 3.5, 3.0), best=(3.0, 3.0))]
    text = curves_text([panel(*ONE.curves, *second)], Style(60))
    lines = text.splitlines()
    assert [line[-1] for line in lines if line.endswith((" a", " b"))] == ["b", "a"]
    assert "b  mlp-2  best at epoch 3: validation.loss 3.0000" in lines
    assert lines[-1] == "- - train   ── validation   ● best epoch"
    assert text.count("●") == 3


def test_colours_are_those_of_the_runs():
    text = curves_text([ONE], Style(60, color=True))
    assert "\x1b[36ma  mlp-1\x1b[0m" in text
    plain = curves_text([ONE], Style(60))
    assert "\x1b" not in plain


def test_a_logarithmic_axis_has_the_geometric_mean_in_its_middle_and_leaves_out_what_it_cannot_have():
    text = curves_text([panel(curve("a", "validation", (100.0, 1.0, 0.0)), log=True)], Style(60))
    ticks = [line.split()[0] for line in text.splitlines() if "┤" in line]
    assert ticks == ["100.00", "10.000", "1.0000"]
    nothing = curves_text([panel(curve("a", "validation", (0.0, -1.0)), log=True)], Style(60))
    assert "nothing to draw: no value is a number above zero" in nothing


def test_a_constant_and_a_single_point():
    text = curves_text([panel(curve("a", "", (0.1, 0.1 + 1e-17, 0.1)))], Style(60))
    assert [line.split()[0] for line in text.splitlines() if "┤" in line] == ["0.1000"]
    single = curves_text([panel(curve("a", "validation", (0.5,)))], Style(60))
    assert "•" in single
    assert "epoch 1" in single


def test_time_is_told_as_a_duration():
    text = curves_text([panel(curve("a", "validation", (0.5, 0.4)), x="time")], Style(60))
    assert "1.0 s" in text
    assert "2.0 s" in text


def test_the_picture_has_every_curve_and_its_style(tmp_path):
    smooth = curve("mlp-2", "validation", (3.0, 2.0, 1.5), best=(3.0, 1.5), measured=(3.0, 1.0, 1.0))
    figure = curves_figure([panel(*ONE.curves, smooth), panel(smooth, metric="accuracy", log=True)])
    first, second = figure.axes
    lines = {tuple(line.get_ydata()): line for line in first.lines}
    assert lines[4.0, 3.0, 2.0].get_linestyle() == "--"
    assert lines[2.0, 1.0, 2.0].get_linestyle() == "-"
    assert lines[3.0, 1.0, 1.0].get_alpha() == 0.25
    assert lines[1.0,].get_marker() == "o"
    assert lines[3.0, 2.0, 1.5].get_color() != lines[4.0, 3.0, 2.0].get_color()
    assert (first.get_yscale(), second.get_yscale()) == ("linear", "log")
    assert (first.get_xlabel(), second.get_ylabel()) == ("epoch", "accuracy")
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["mlp-1", "mlp-2", "train", "validation", "best epoch"]
    draw_curves([ONE], tmp_path / "curves.svg")
    assert ET.parse(tmp_path / "curves.svg").getroot().tag.endswith("svg")
