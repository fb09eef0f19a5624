from __future__ import annotations

import numpy as np
import pytest

from netlib.report.class_table import class_table, threshold_line
from netlib.scoring.classes import ClassScores
from netlib.scoring.curves import Best, curves

MATRIX = np.array([[1, 2], [0, 1232]])
CURVES = [curves(np.array([True, False, True]), np.array([0.9, 0.5, 0.1])), None]


@pytest.fixture(autouse=True, params=["80", "120"])
def width(monkeypatch, request):
    monkeypatch.setenv("COLUMNS", request.param)


def table(chosen=CURVES, color=False):
    return class_table("kind", ["moss", "fern"], ClassScores.of_matrix(MATRIX), 0.99838, chosen, color)


def test_the_whole():
    assert table() == (
        "kind           precision  recall      F1     AUC      AP  support\n"
        "moss              1.0000  0.3333  0.5000  0.5000  0.8333        3\n"
        "fern              0.9984  1.0000  0.9992       -       -    1,232\n"
        "macro mean        0.9992  0.6667  0.7496                    1,235\n"
        "weighted mean     0.9984  0.9984  0.9980                    1,235\n"
        "accuracy 0.9984\n"
    )


def test_the_means_are_those_of_the_lines():
    lines = [line.split() for line in table().splitlines()]
    moss, fern = ([float(text.replace(",", "")) for text in line[1:4]] for line in lines[1:3])
    macro, weighted = ([float(text) for text in line[2:5]] for line in lines[3:5])
    assert macro == pytest.approx([(a + b) / 2 for a, b in zip(moss, fern, strict=True)], abs=1e-4)
    assert weighted == pytest.approx([(3 * a + 1232 * b) / 1235 for a, b in zip(moss, fern, strict=True)], abs=1e-4)


def test_without_areas_it_is_said_why():
    assert table([]).splitlines()[0] == "kind           precision  recall      F1  support"
    assert table([]).splitlines()[-1] == "no areas under curves: the samples are too many to keep their scores"


def test_only_the_titles_are_coloured():
    head, *lines = table().splitlines()
    assert table(color=True).splitlines() == [f"\x1b[1m{head}\x1b[0m", *lines]


def test_weights_need_not_be_whole():
    scores = ClassScores.of_matrix(np.array([[0.5, 0], [0.25, 1]]))
    assert [line.split()[-1] for line in class_table("y", ["a", "b"], scores, 0.8, []).splitlines()[1:3]] == [
        "0.5000",
        "1.2500",
    ]


def test_the_best_threshold():
    assert threshold_line("yes", Best(0.43, 0.877, 0.8542, 0.9011)) == (
        "best F1 of yes: 0.8770 from probability 0.4300 on (precision 0.8542, recall 0.9011)\n"
    )
