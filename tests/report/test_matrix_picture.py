from __future__ import annotations

import numpy as np
import pytest

from netlib.report.drawing import write_figure
from netlib.report.matrix_picture import matrix_figure


def texts(figure):
    axes = figure.axes[0]
    return [text.get_text() for text in axes.texts]


def test_counts_stand_in_the_cells_and_shares_are_the_colours():
    figure = matrix_figure(np.array([[3, 1], [0, 1200]]), ["a", "b"], "kind")
    axes = figure.axes[0]
    assert texts(figure) == ["3", "1", "1,200"]  # nothing where there is nothing
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 1]]
    assert [each.get_text() for each in axes.get_yticklabels()] == ["a", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("predicted", "true", "kind")
    assert [text.get_color() for text in axes.texts] == ["white", "black", "white"]


@pytest.mark.parametrize(("classes", "written", "named"), [(30, True, True), (31, False, True), (101, False, False)])
def test_many_classes_are_not_written_out(classes, written, named):
    figure = matrix_figure(np.eye(classes), [f"class {number}" for number in range(classes)])
    assert bool(texts(figure)) == written
    assert any(each.get_text().startswith("class") for each in figure.axes[0].get_xticklabels()) == named


def test_names_are_no_formulas_and_may_be_long(tmp_path):
    figure = matrix_figure([[0.5, 0.0], [0.0, 0.0]], ["$_x", "n" * 90], "$a_b_c")
    write_figure(figure, tmp_path / "m.svg")
    assert [each.get_text() for each in figure.axes[0].get_xticklabels()] == ["$_x", "n" * 21 + "..."]
    assert texts(figure) == ["0.5000"]
    assert figure.axes[0].images[0].get_array().tolist() == [[1, 0], [0, 0]]  # a class without samples has no shares
