from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.curves import curves


def drawn(count=300, levels=20):
    draw = np.random.default_rng(1)
    positive = draw.random(count) < 0.3
    scores = np.round((draw.random(count) + positive) * levels) / levels  # many of one score
    return positive, scores, draw.integers(1, 4, count)


def chance_of_ranking_right(positive, scores, weights):
    """Of every pair of one of the class and one of the rest; equal scores count half."""
    won = (scores[positive][:, None] > scores[~positive]) + 0.5 * (scores[positive][:, None] == scores[~positive])
    of_pair = weights[positive][:, None] * weights[~positive]
    return (won * of_pair).sum() / of_pair.sum()


def test_the_area_is_the_chance_that_a_pair_is_ranked_right():
    positive, scores, weights = drawn()
    ones = np.ones(len(scores))
    assert curves(positive, scores).roc_auc == pytest.approx(chance_of_ranking_right(positive, scores, ones))
    weighted = curves(positive, scores, weights).roc_auc
    assert weighted == pytest.approx(chance_of_ranking_right(positive, scores, weights))


def test_a_weight_is_so_many_samples():
    positive, scores, weights = drawn()
    once, repeated = (
        curves(positive, scores, weights),
        curves(*(np.repeat(each, weights) for each in (positive, scores))),
    )
    for name in ("thresholds", "recall", "false_positive_rate", "precision"):
        assert getattr(once, name) == pytest.approx(getattr(repeated, name))
    assert once.average_precision == pytest.approx(repeated.average_precision)


def test_every_point_is_what_its_threshold_gives():
    positive, scores, _ = drawn()
    found = curves(positive, scores)
    assert (np.diff(found.thresholds) < 0).all()
    average = 0.0
    before = 0.0
    for threshold, recall, wrong, precision in zip(
        found.thresholds, found.recall, found.false_positive_rate, found.precision, strict=True
    ):
        taken = scores >= threshold
        assert recall == pytest.approx((taken & positive).sum() / positive.sum())
        assert wrong == pytest.approx((taken & ~positive).sum() / (~positive).sum())
        assert precision == pytest.approx((taken & positive).sum() / taken.sum())
        average += (recall - before) * precision
        before = recall
    assert found.average_precision == pytest.approx(average)


def test_the_best_threshold_is_the_best_of_all():
    positive, scores, _ = drawn()
    best = curves(positive, scores).best
    f1 = {each: 2 * (positive & (scores >= each)).sum() / (positive.sum() + (scores >= each).sum()) for each in scores}
    assert best.f1 == pytest.approx(max(f1.values()))
    assert f1[best.threshold] == pytest.approx(best.f1)


def test_perfect_and_hopeless():
    positive = np.array([True, False, True, False])
    perfect, hopeless = curves(positive, np.array([4, 1, 3, 2])), curves(positive, np.array([1, 4, 2, 3]))
    assert (perfect.roc_auc, perfect.average_precision) == (1, 1)
    assert hopeless.roc_auc == 0
    assert curves(positive, np.zeros(4)).roc_auc == 0.5


def test_one_class_alone_has_no_curve_and_samples_without_weight_are_none():
    assert curves(np.array([True, True]), np.array([1.0, 0.0])) is None
    assert curves(np.zeros(0, bool), np.zeros(0)) is None
    positive = np.array([True, False, True])
    assert curves(positive, np.array([0.9, 0.5, 0.1]), np.array([1, 0, 1])) is None
    assert len(curves(positive, np.array([0.9, 0.5, 0.1]), np.array([1, 1, 0])).thresholds) == 2


def test_equal_to_keras():
    keras = pytest.importorskip("keras")
    positive, scores, weights = drawn(levels=10)
    scores = scores / 2
    metric = keras.metrics.AUC(thresholds=[*(np.unique(scores) - 1e-4).clip(1e-6, 1 - 1e-6)])
    metric.update_state(positive, scores, sample_weight=weights)
    assert curves(positive, scores, weights).roc_auc == pytest.approx(float(metric.result()), rel=1e-5)
