from __future__ import annotations

import io
from typing import Any

import pytest

from netlib.training.callbacks import Callback, ProgressDisplay, ReduceOnPlateau
from netlib.training.fit import fit


def test_a_header_and_a_line_for_each_epoch(lab: Any, blobs: Any) -> None:
    stream = io.StringIO()
    callbacks = [ProgressDisplay(stream), ReduceOnPlateau(monitor="train.loss", min_delta=9, patience=1, factor=0.5)]
    job = lab.job(validation=blobs(20, seed=9), epochs=2, callbacks=callbacks)
    fit(job)
    lines = stream.getvalue().splitlines()
    assert lines[0] == f"{lab.engine.model.name}: 83 parameters, 83 trainable"
    assert lines[1] == "samples: 90 train, 20 validation; batches of 16, 6 steps an epoch"
    assert lines[2].startswith("execution: graph on ")
    assert [line[:11] for line in lines[3:] if line.startswith("epoch")] == ["epoch 1/2  ", "epoch 2/2  "]
    assert "learning rate 0.01 -> 0.005: train.loss has not become better for 1 epoch" in lines


def test_it_lets_go_of_the_terminal_when_the_training_fails(lab: Any, monkeypatch: Any) -> None:
    class Fails(Callback):
        def epoch_ended(self, record: Any) -> None:
            raise RuntimeError("no")

    stopped = []
    monkeypatch.setattr("netlib.report.display.is_live", lambda stream: True)
    monkeypatch.setattr("netlib.report.live.LiveDisplay.stop", lambda self: stopped.append(self))
    monkeypatch.setattr("netlib.report.live.LiveDisplay.run_started", lambda self, run, header: None)
    with pytest.raises(RuntimeError, match="no"):
        fit(lab.job(callbacks=[ProgressDisplay(io.StringIO()), Fails()]))
    assert len(stopped) == 1
