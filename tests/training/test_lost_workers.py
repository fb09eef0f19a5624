"""What is counted and said where other workers are lost; `distribution/test_workers.py` kills real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from netlib.training.fit import fit
from netlib.training.replicas import Replicas, WorkerLost


class Gone(Replicas):
    """One of two workers, which finds after its first chunk of steps that the other one has ended."""

    workers = 2

    def agreed(self, values: Sequence[float]) -> list[float]:
        raise WorkerLost("worker 0 lost the others")


def test_steps_that_were_done_before_the_loss_was_seen_are_counted(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = lab.job(epochs=1)
    monkeypatch.setattr(job.loop, "replicas", Gone())  # which other tests use, too
    with pytest.raises(WorkerLost, match=r"^worker 0 lost the others; step 1 of \d in epoch 1 is done$"):
        fit(job)
    assert (job.progress.step, job.progress.position) == (1, 1)
