from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netlib.runs import plain
from netlib.runs.directory import RunDirectory
from netlib.spec.callbacks import EarlyStopping as EarlyStoppingSpec
from netlib.spec.errors import SpecError, UsageError
from netlib.training.callbacks import EarlyStopping
from netlib.training.fit import fit

Joined = Callable[..., EarlyStopping]


def stops_after(callback: EarlyStopping, values: list[float | None]) -> int | None:
    """The epoch that stops."""
    for epoch, value in enumerate(values, start=1):
        callback.epoch_ended({"epoch": epoch, "validation": {} if value is None else {"loss": value}})
        if callback.stop():
            return epoch
    return None


@pytest.mark.parametrize(
    ("parameters", "values", "epoch"),
    [
        ({"patience": 2}, [3, 2, 2, 2, 1], 4),
        ({"patience": 2}, [3, 2, 2, 1, 1, 0], None),
        ({"patience": 1}, [3, 3], 2),
        ({"patience": 0}, [3, 3], 2),
        ({"patience": 2}, [3, None, 4, None, None, 4], 6),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.8, 2.6], 3),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.8, 2.4, 2.3], None),
        ({"patience": 2, "baseline": 1.0}, [3, 2, 0.5], 2),
        ({"patience": 2, "baseline": 1.0}, [3, 0.5, 2], None),
        ({"patience": 1, "start_from_epoch": 3}, [3, 4, 5, 6, 7], 5),
        ({"patience": 2}, [3, math.nan, math.nan], 3),
        ({"patience": 1, "mode": "max"}, [3, 4, 5, 5], 4),
    ],
)
def test_counts_validations_without_a_better_value(
    joined: Joined, parameters: dict[str, Any], values: list[float | None], epoch: int | None
) -> None:
    assert stops_after(joined(EarlyStopping(**parameters)), values) == epoch


def test_says_why(joined: Joined) -> None:
    callback = joined(EarlyStopping(2))
    assert stops_after(callback, [0.25, 1, 1]) == 3
    callback.restore({"best": 0.25, "waited": 1})
    assert callback.stop() is None
    callback.epoch_ended({"epoch": 3, "validation": {"loss": 1.0}})
    assert callback.stop() == "validation.loss has not become better for 2 epochs (best: 0.25)"


def test_says_why_where_no_value_was_a_number(joined: Joined) -> None:
    callback = joined(EarlyStopping(patience=1))
    callback.epoch_ended({"epoch": 1, "validation": {"loss": math.nan}})
    assert callback.stop() == "validation.loss has not become better for 1 epoch (best: none)"


def test_goes_on_waiting_from_its_state(joined: Joined) -> None:
    first, second = joined(EarlyStopping(patience=3)), joined(EarlyStopping(EarlyStoppingSpec(patience=3)))
    assert stops_after(first, [1, 2, 2]) is None
    second.restore(plain.from_json(plain.to_json(first.state())))
    assert stops_after(second, [2]) == 1


def test_another_training_begins_anew(joined: Joined) -> None:
    callback = joined(EarlyStopping(2))
    assert stops_after(callback, [1, 2]) is None
    assert stops_after(joined(callback), [3, 3]) is None


def test_what_is_not_one_of_its_parameters() -> None:
    with pytest.raises(SpecError, match="EarlyStopping has no parameter 'patienec'; did you mean 'patience'"):
        EarlyStopping(patienec=3)
    with pytest.raises(UsageError, match="EarlyStopping takes only patience by position; name the others"):
        EarlyStopping("validation.loss", 3)


def best_of(job: Any, validation: Any) -> None:
    """The model ends with the weights of which the best record tells."""
    best = min(job.progress.records, key=lambda record: record["validation"]["loss"])
    assert best is not job.progress.records[-1]
    assert job.evaluator.run(validation) == best["validation"]


@pytest.mark.parametrize("epochs", [9, 2])
def test_the_model_ends_with_the_best_weights(lab: Any, blobs: Any, epochs: int) -> None:
    """Whether it stopped or the budget was spent first."""
    lab.engine.optimizer.learning_rate = 0.7  # it soon becomes worse
    validation = blobs(20, seed=9)
    job = lab.job(validation=validation, epochs=epochs, callbacks=[EarlyStopping(patience=2)])
    reason = fit(job)
    lab.engine.optimizer.learning_rate = 0.01
    assert reason.startswith("validation.loss has not become" if epochs == 9 else "the budget is spent")
    best_of(job, job.validation)


def test_in_a_run_the_checkpoint_has_them(lab: Any, blobs: Any, run: RunDirectory) -> None:
    job = lab.job(validation=blobs(20, seed=9), epochs=3, early_stopping=2, run=run)
    fit(job)
    last = job.state.snapshot().groups["model"]
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, last[path])
    assert job.callbacks["early_stopping"]._best_weights is None


def test_what_it_watches_must_be_logged(lab: Any) -> None:
    with pytest.raises(SpecError, match=r"nothing is logged as 'train.accurcy'; did you mean 'train.accuracy'"):
        lab.job(callbacks=[EarlyStopping(monitor="train.accurcy")])
