from __future__ import annotations

import csv
import io
import math

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.lock import alone
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.curves import Asked, curves, points, points_csv


@pytest.fixture(scope="module")
def runs(logged_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    return [logged_run(root / "tiny-1"), logged_run(root / "tiny-2", losses=(0.8, 0.7, 0.6, 0.2))]


def found(panel):
    return {(curve.run, curve.split): curve for curve in panel.curves}


def test_the_loss_and_the_first_metric_of_both_splits(runs):
    loss, accuracy = curves(runs)
    assert (loss.metric, accuracy.metric, loss.x) == ("loss", "accuracy", "epoch")
    assert found(loss)["tiny-1", "validation"].y == (0.9, 0.5, 0.6)
    assert found(loss)["tiny-1", "train"].y == (1.8, 1.0, 1.2)
    assert found(accuracy)["tiny-2", "train"].x == (1, 2, 3, 4)


def test_the_best_epoch_is_marked_on_the_validation(runs):
    loss, _ = curves(runs)
    assert [curve.best for curve in loss.curves] == [None, (2, 0.5), None, (4, 0.2)]
    [panel] = curves(runs, Asked(("train.loss",)))
    assert [curve.best for curve in panel.curves] == [(2, 1.0), (4, 0.4)]


@pytest.mark.parametrize(("x", "places"), [("step", (10, 20, 30)), ("time", (1.5, 3.0, 4.5))])
def test_along_steps_and_seconds(runs, x, places):
    assert curves(runs[:1], Asked(x=x))[0].curves[0].x == places


def test_one_split_and_what_is_of_none(runs):
    panels = curves(runs[:1], Asked(("validation.accuracy", "learning_rate")))
    assert [(curve.split, curve.y) for panel in panels for curve in panel.curves] == [
        ("validation", (1 - 0.9, 0.5, 0.4)),
        ("", (0.01, 0.01, 0.01)),
    ]


def test_smoothing_is_a_weighted_mean_of_what_came_before(runs):
    curve = found(curves(runs[:1], Asked(smooth=0.5))[0])["tiny-1", "validation"]
    assert curve.measured == (0.9, 0.5, 0.6)
    assert curve.y == pytest.approx((0.9, (0.5 + 0.45) / 1.5, (0.6 + 0.25 + 0.225) / 1.75))
    assert curve.best == (2, curve.y[1])


def test_a_run_that_is_trained_has_what_is_there(logged_run, tmp_path):
    run = RunDirectory(logged_run(tmp_path / "tiny-1", state="interrupted"))
    with run.metrics.open("a") as file:
        file.write('{"epoch": 4, "step": 40, "tra')
    with alone(run):
        assert curves([run.path])[0].curves[0].x == (1, 2, 3)


def test_epochs_without_validation_and_values_that_are_no_numbers(logged_run, tmp_path):
    run = RunDirectory(logged_run(tmp_path / "tiny-1", losses=(0.9, math.nan, 0.3), state="interrupted"))
    lines = run.metrics.read_text().splitlines()
    lines[0] = lines[0].replace('"validation"', '"nothing"')
    run.metrics.write_text("\n".join(lines))
    panel = curves([run.path])[0]
    curve = found(panel)["tiny-1", "validation"]
    assert curve.x == (2, 3)
    assert panel.drawn(curve) == [(3, 0.3)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(("acuracy",)), r"no run has the metric 'acuracy'; did you mean 'accuracy'\?"),
        (Asked(("zz",)), "there are loss, accuracy, learning_rate, samples_per_second, seconds"),
        (Asked(x="epochs"), r"-x is 'epoch', 'step' or 'time', got 'epochs'; did you mean 'epoch'\?"),
    ],
)
def test_what_is_not_there(runs, asked, message):
    with pytest.raises(UsageError, match=message):
        curves(runs, asked)


def test_nothing_to_draw_yet(logged_run, tmp_path):
    run = logged_run(tmp_path / "tiny-1", losses=(), state="interrupted")
    with pytest.raises(NetlabError, match="there is nothing to draw yet: no complete epoch in tiny-1"):
        curves([run])


def test_points_as_plain_values_and_as_csv(runs):
    panels = curves(runs[:1], Asked(("validation.loss",), smooth=0.5))
    [values] = points(panels)
    assert (values["run"], values["split"], values["epoch"]) == ("tiny-1", "validation", [1, 2, 3])
    assert values["values"] == [0.9, 0.5, 0.6]
    assert values["best"] == {"epoch": 2, "value": values["smoothed"][1]}
    read = list(csv.DictReader(io.StringIO(points_csv(panels))))
    assert [float(row["value"]) for row in read] == values["values"]
    assert [float(row["smoothed"]) for row in read] == values["smoothed"]
