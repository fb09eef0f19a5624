from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.runs import checkpoint, pointers
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError
from netlib.training.callbacks import Checkpoint
from netlib.training.fit import fit
from netlib.training.weights import restore_weights


def saved(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("step-")) for path in sorted((folder / "checkpoints").glob("step-*"))]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, [12, 18]),
        ({"keep_last": 9}, [6, 12, 18]),
        ({"every_epochs": 2, "keep_last": 9}, [6, 12]),  # the first epoch was the best so far
        ({"every_epochs": None, "every_steps": 4, "keep_last": 9}, [4, 6, 8, 12, 16]),
        ({"every_epochs": 1, "every_steps": 8, "keep_last": 9}, [6, 8, 12, 16, 18]),
    ],
)
def test_it_writes_when_it_is_due(lab: Any, tmp_path: Path, options: dict[str, Any], steps: list[int]) -> None:
    class Worse:
        """Validation losses that grow, so that the first epoch is the best."""

        losses = iter([1.0, 2.0, 3.0])

        def run(self, *details: Any) -> dict[str, float]:
            return {"loss": next(self.losses)}

    job = lab.job(validation=lab.data, epochs=3, callbacks=[Checkpoint(tmp_path, **options)])
    job.evaluator = Worse()
    fit(job)
    assert saved(tmp_path) == sorted({*steps, 6})
    assert pointers.pointed(RunDirectory(tmp_path), "best").name == "step-00000006"
    assert pointers.pointed(RunDirectory(tmp_path), "latest").name == f"step-{steps[-1]:08d}"


def test_best_only(lab: Any, blobs: Any, tmp_path: Path) -> None:
    lab.engine.optimizer.learning_rate = 0.7
    callback = Checkpoint(tmp_path, best_only=True, keep_last=1, monitor="validation.accuracy")
    job = lab.job(validation=blobs(20, seed=9), epochs=5, callbacks=[callback])
    fit(job)
    best = max(job.progress.records, key=lambda record: record["validation"]["accuracy"])  # the first of equals
    assert saved(tmp_path) == [best["step"]]
    restore_weights(lab.engine.model, tmp_path / "checkpoints" / f"step-{best['step']:08d}")
    assert job.evaluator.run(job.validation) == best["validation"]


@pytest.mark.parametrize("anew", [False, True])
def test_best_only_over_several_calls(lab: Any, tmp_path: Path, anew: bool) -> None:
    """The callback, or a new one for the same folder, knows the best of the calls before."""

    class Measures:
        losses = iter([1.0, 3.0, 2.0, 0.5])

        def run(self, *details: Any) -> dict[str, float]:
            return {"loss": next(self.losses)}

    callbacks = [Checkpoint(tmp_path, best_only=True, keep_last=9) for _ in range(4)]
    progress, measures = None, Measures()
    for epoch in range(4):
        callback = callbacks[epoch if anew else 0]
        job = lab.job(validation=lab.data, epochs=epoch + 1, progress=progress, callbacks=[callback])
        job.evaluator, progress = measures, job.progress
        fit(job)
    assert saved(tmp_path) == [6, 24]


def test_a_training_goes_on_from_it_to_the_same_bits(lab: Any, tmp_path: Path) -> None:
    fit(lab.job(epochs=2, callbacks=[Checkpoint(tmp_path, every_steps=4, every_epochs=None, keep_last=9)]))
    expected = lab.weights()
    job = lab.reset().job(epochs=2)
    job.state.restore(checkpoint.read(tmp_path / "checkpoints" / "step-00000008"))
    fit(job)
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, expected[path])


def test_a_folder_of_another_training_is_refused(lab: Any, tmp_path: Path) -> None:
    first = lab.job(epochs=1, callbacks=[Checkpoint(tmp_path)])
    fit(first)
    with pytest.raises(
        UsageError, match=r"has a checkpoint of step 6, but this training stands at step 0: it is of anot"
    ):
        fit(lab.reset().job(epochs=1, callbacks=[Checkpoint(tmp_path)]))
    fit(lab.job(epochs=2, progress=first.progress, callbacks=[Checkpoint(tmp_path)]))  # its own is not
    assert saved(tmp_path) == [6, 12]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_epochs": 0}, "Checkpoint needs a every_epochs of at least 1, got 0"),
        ({"keep_last": 0}, "Checkpoint needs a keep_last of at least 1, got 0"),
        ({"best_only": True, "every_steps": 5}, "cannot tell the best between epochs: leave out every_steps=5"),
        ({"every_epochs": None}, "Checkpoint would write nothing: give every_epochs, every_steps or best_only"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Checkpoint("folder", **options)


def test_what_the_system_refuses(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NetlabError, match=r"cannot make .*checkpoints"):
        fit(lab.job(callbacks=[Checkpoint(tmp_path / "file")]))
