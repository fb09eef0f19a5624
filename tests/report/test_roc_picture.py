from __future__ import annotations

import numpy as np

from netlib.report.drawing import write_figure
from netlib.report.roc_picture import roc_figure
from netlib.scoring.curves import curves


def some(count):
    draw = np.random.default_rng(0)
    return [curves(draw.random(50) < 0.5, draw.random(50)) for _ in range(count)]


def test_both_curves_of_each_class_that_has_some(tmp_path):
    found = [*some(2), None]
    figure = roc_figure(found, ["a$_", "b", "c"], "$kind_of")
    roc, recall = figure.axes
    assert [each.get_label() for each in roc.lines[1:]] == [
        f"{name}: AUC {each.roc_auc:.4f}" for name, each in zip(["a$_", "b"], found[:2], strict=True)
    ]
    assert len(recall.lines) == 2
    x, y = roc.lines[1].get_data()
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(y, x) == found[0].roc_auc
    write_figure(figure, tmp_path / "roc.png")
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_the_steps_under_the_second_curve_are_the_average_precision():
    (found,) = some(1)
    line = roc_figure([found], ["a"]).axes[1].lines[0]
    assert line.get_drawstyle() == "steps-pre"
    x, y = line.get_data(orig=True)
    assert np.isclose((np.diff(x) * y[1:]).sum(), found.average_precision)


def test_of_many_classes_the_hardest_are_drawn():
    found = some(12)
    figure = roc_figure(found, [str(number) for number in range(12)], "digit")
    areas = sorted(each.roc_auc for each in found)[:10]
    assert [each.get_label().split()[-1] for each in figure.axes[0].lines[1:]] == [f"{area:.4f}" for area in areas]
    assert figure.get_suptitle() == "digit (the 10 of 12 classes with the smallest areas)"
