from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.runs import plain
from netlib.training.progress import Progress

FACTS = ("learning_rate", "gradient_norm", "weight", "skipped", "loss")
finite = st.floats(allow_nan=False, width=32)
NUMBERS = st.floats(0, 1e6, width=32)


def test_counts_steps_and_means_weighted_by_samples() -> None:
    progress = Progress()
    progress.add(FACTS, np.array([[0.1, 9, 4, 0, 1.0], [0.05, 9, 2, 0, 4.0]], np.float32), seconds=0.5, samples=6)
    assert (progress.step, progress.position, progress.elapsed, progress.seconds) == (2, 2, 0.5, 0.5)
    assert progress.samples == 6
    assert progress.losses() == {"loss": pytest.approx((4 * 1 + 2 * 4) / 6)}
    assert progress.learning_rate == pytest.approx(0.05)


@given(
    st.lists(st.tuples(*[NUMBERS] * 3, st.sampled_from([0.0, 1.0]), NUMBERS), min_size=1, max_size=12),
    st.integers(1, 11),
)
def test_sums_do_not_depend_on_how_steps_are_cut(rows: list[tuple[float, ...]], cut: int) -> None:
    facts = np.array(rows, np.float32)
    whole, parts = Progress(), Progress()
    whole.add(FACTS, facts, 0.0, 8 * len(facts))
    for part in (facts[:cut], facts[cut:]):
        parts.add(FACTS, part, 0.0, 8 * len(part))
    assert whole == parts


def test_what_a_skipped_step_measured_is_left_out() -> None:
    progress = Progress()
    rows = [[0.1, 9, 4, 0, 1.0], [0.1, np.nan, 4, 1, np.inf], [0.1, 9, 4, 0, 3.0]]
    progress.add(FACTS, np.array(rows, np.float32), seconds=0.5, samples=12)
    assert (progress.step, progress.position, progress.skipped, progress.samples) == (3, 3, 1, 12)
    assert progress.losses() == {"loss": 2.0}
    progress.begin_epoch()
    assert (progress.step, progress.skipped) == (3, 0)


def test_without_any_weight_every_mean_is_not_a_number() -> None:
    progress = Progress()
    progress.add(FACTS, np.array([[0.1, 0, 0, 0, 0]], np.float32), 0.0, 4)
    assert progress.measured({"accuracy": 0.0}) == pytest.approx({"loss": np.nan, "accuracy": np.nan}, nan_ok=True)


def test_a_whole_epoch_begins_the_next_one() -> None:
    progress = Progress(
        step=7, epoch=2, position=7, loss_sums={"loss": 3.0}, weight_sum=2.0, seconds=1.0, elapsed=4.0, samples=90
    )
    progress.take({"epoch": 3}, whole=True)
    assert progress == Progress(step=7, epoch=3, elapsed=4.0, records=[{"epoch": 3}])


def test_one_cut_short_is_gone_on_with() -> None:
    progress = Progress(step=7, epoch=2, position=3, loss_sums={"loss": 3.0}, weight_sum=2.0, seconds=1.0)
    progress.take({"epoch": 3}, whole=False)
    assert (progress.epoch, progress.position, progress.losses()) == (2, 3, {"loss": 1.5})


def test_after_epoch_changes_nothing() -> None:
    progress = Progress(epoch=2)
    assert progress.after_epoch().epoch == 3
    assert progress.epoch == 2


@given(
    st.integers(0, 2**53),
    finite,
    st.none() | finite,
    st.dictionaries(st.sampled_from(["loss", "a_loss"]), st.floats(allow_nan=False)),
)
def test_comes_back_from_json_exactly(step: int, seconds: float, best: float | None, sums: dict[str, float]) -> None:
    record = {"epoch": 1, "step": step, "train": {"loss": seconds}, "learning_rate": 0.1}
    progress = Progress(step=step, seconds=seconds, best_value=best, loss_sums=sums, records=[record])
    assert Progress.from_state(plain.from_json(plain.to_json(progress.state()))) == progress


def test_the_state_is_a_copy() -> None:
    progress = Progress(records=[{"epoch": 1}])
    progress.state()["records"].append("more")
    assert progress.records == [{"epoch": 1}]
