from __future__ import annotations

import math
import random
import xml.etree.ElementTree as ET

import pytest
from report_samples import SMALL_SWEEP, SWEEP

from netlib.report.parallel_axis import Axis
from netlib.report.parallel_coordinates import ABSENT
from netlib.report.sweep_pictures import MOST_AXES, best_so_far, draw_sweep, is_wide, sweep_figure
from netlib.spec.study import TELLING, StudyView, TrialView


def study(values, direction="min"):
    trials = (
        TrialView(number, "complete" if value is not None else "failed", value, {"x": float(number)})
        for number, value in enumerate(values)
    )
    return StudyView("s", direction, "validation.loss", tuple(trials))


def many(keys):
    draw = random.Random(0)
    trials = (TrialView(n, "complete", draw.random(), {f"k{i}": draw.random() for i in range(keys)}) for n in range(20))
    return StudyView("s", "min", "m", tuple(trials))


@pytest.mark.parametrize(
    ("direction", "line"),
    [("min", [(0, 3.0), (1, 3.0), (3, 1.0), (5, 1.0)]), ("max", [(0, 3.0), (1, 4.0), (3, 4.0), (5, 4.0)])],
)
def test_the_best_so_far_never_becomes_worse(direction, line):
    assert best_so_far(study([3.0, 4.0, None, 1.0, math.nan, 2.0], direction)) == line


def test_values_that_differ_by_far_are_on_a_logarithmic_axis():
    assert is_wide([0.1, 0.2, 900.0])
    assert not is_wide([0.1, 0.9])
    assert not is_wide([-1.0, 100.0])
    assert not is_wide([])


def test_an_axis_has_heights_from_bottom_to_top():
    axis = Axis.of([0.0, 0.2, 1.0])
    assert [axis.height(value) for value in (0.0, 0.2, 1.0)] == pytest.approx([0, 0.2, 1])
    axis = Axis.of([1e-4, 1e-3, 1e-2])
    assert axis.log
    assert [axis.height(value) for value in (1e-4, 1e-3, 1e-2)] == pytest.approx([0, 0.5, 1])
    assert Axis.of([3.5]).height(3.5) == 0.5


def test_an_axis_of_choices_is_in_order():
    axis = Axis.of(["sgd", "adam", "sgd", None])
    assert axis.names == (None, "adam", "sgd")
    assert [axis.height(name) for name in (None, "adam", "sgd")] == [0, 0.5, 1]
    assert [text for _, text in axis.ticks()] == ["null", "adam", "sgd"]


def test_a_few_numbers_that_come_again_stand_like_choices():
    assert Axis.of([32, 128, 64, 32, 64, 128]).names == (32, 64, 128)
    assert Axis.of([32, 128, 64]).names == ()


@pytest.mark.parametrize("values", [[0.013, 0.49], [1e-4, 0.09], [16, 250], [0.3, 0.30001], [1e-12, 1e6]])
def test_ticks_are_round_numbers_inside(values):
    ticks = Axis.of([float(value) for value in values]).ticks()
    assert 2 <= len(ticks) <= 12
    assert all(-1e-6 <= height <= 1 + 1e-6 for height, _ in ticks)


def test_a_trial_without_a_key_passes_below_its_axis():
    figure = sweep_figure(SWEEP, {})
    parallel = figure.axes[2]
    through = [line.get_ydata()[-2] for line in parallel.lines if len(line.get_xdata()) == 6]
    assert sorted(through)[:2] == [ABSENT, ABSENT]
    assert max(through) > 0


def test_the_picture_has_three_parts():
    importance = {"train.optimizer.learning_rate": 0.75, "model.encoder.units": 0.25}
    figure = sweep_figure(SWEEP, importance)
    history, bars, parallel = figure.axes[:3]
    assert history.get_ylabel() == "validation.accuracy\n(more is better)"
    assert [text.get_text() for text in history.get_legend().get_texts()] == [
        "pruned",
        "complete",
        "failed",
        "best so far",
    ]
    assert [text.get_text() for text in bars.get_yticklabels()] == ["units", "learning_rate"]
    assert [patch.get_width() for patch in bars.patches] == [0.25, 0.75]
    assert {"optimizer", "learning_rate", "momentum", "validation.accuracy"} <= {
        text.get_text() for text in parallel.texts
    }


def test_of_many_keys_the_most_important_are_shown():
    view = many(MOST_AXES + 3)
    figure = sweep_figure(view, {f"k{i}": (i + 1) / 66 for i in range(MOST_AXES + 3)})
    titles = {text.get_text() for text in figure.axes[2].texts}
    assert {"k3", "k10"} <= titles
    assert not {"k0", "k1", "k2"} & titles


@pytest.mark.parametrize(
    "view",
    [SWEEP, SMALL_SWEEP, StudyView("s", "min", "m"), study([1.0]), study([0.1, 500.0, None]), study([2.0, 2.0])],
    ids=["many states", "one key", "empty", "one trial", "wide", "all alike"],
)
def test_every_study_is_drawn(view, tmp_path):
    draw_sweep(view, {}, tmp_path / "s.svg")
    ET.parse(tmp_path / "s.svg")


def test_the_same_sweep_gives_the_same_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        draw_sweep(SWEEP, {"seed": 1.0}, tmp_path / name)
    first, second = (tmp_path / name for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")


def test_why_no_importance_is_told():
    def told(view: StudyView) -> str:
        return sweep_figure(view, {}).axes[1].texts[0].get_text()

    assert told(study([1.0] * (TELLING - 1))) == "told from 10 complete trials on"
    assert told(study([1.0] * TELLING)) == "no key is in all trials"


def test_a_key_that_only_running_trials_have_gets_no_axis():
    trials = (*study([1.0, 2.0]).trials, TrialView(2, "running", params={"x": 3.0, "y": 1.0}))
    titles = {text.get_text() for text in sweep_figure(StudyView("s", "min", "m", trials), {}).axes[2].texts}
    assert "x" in titles
    assert "y" not in titles
