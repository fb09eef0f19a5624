"""`train.freeze` with numbers of epochs: to the bit, over a resume, and together with param_groups and phases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.report.summary import as_text, as_values
from netlib.runs import checkpoint
from netlib.tasks.check import check
from netlib.tasks.summarise import summarise
from netlib.tasks.train import train

TEXT = """\
name: net
seed: 4
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64, preprocess: {image: Standardize}}
model:
  - {Sequential: [Flatten, {Dense: {units: 8, activation: relu}, name: one}, BatchNormalization, Dropout: 0.2], name: body}
  - {Dense: 10, name: head}
train:
  epochs: 4
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 0.01}}
  callbacks: [EMA: {decay: 0.9}]
  checkpoint: {keep_last: 99}
  execution: graph
"""
FILES = ("model.safetensors", "optimizer.safetensors", "loop.safetensors")
STEPS = 17
Run = Callable[..., Path]


@pytest.fixture
def run(write: Callable[..., Path], tmp_path: Path) -> Run:
    """Trains with overrides."""

    def run(*overrides: str, text: str = TEXT) -> Path:
        done = train(write(text=text, name="net.yaml"), overrides, runs_root=tmp_path / "runs").run
        assert done
        return done

    return run


def saved(run: Path, epoch: int) -> dict[str, np.ndarray]:
    return checkpoint.read(run / "checkpoints" / checkpoint.name_of(epoch * STEPS)).groups["model"]


def moved(run: Path, epoch: int) -> set[str]:
    """What is not after an epoch what it was before."""
    before, after = saved(run, epoch - 1), saved(run, epoch)
    return {name for name in before if not np.array_equal(before[name], after[name])}


BODY = {f"body.one.{name}" for name in ("kernel", "bias")} | {
    f"body.batch_normalization.{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")
}
HEAD = {"head.kernel", "head.bias"}


def test_what_is_frozen_moves_when_its_epochs_are_over_and_checkpoints_keep_their_form(run):
    done = run("train.freeze={body: 2, head.bias: 1}")
    assert [moved(done, epoch) for epoch in (1, 2, 3, 4)] == [{"head.kernel"}, HEAD, BODY | HEAD, BODY | HEAD]
    forms = {
        frozenset(
            (group, name, value.shape)
            for group, arrays in checkpoint.read(
                done / "checkpoints" / checkpoint.name_of(epoch * STEPS)
            ).groups.items()
            for name, value in arrays.items()
        )
        for epoch in range(5)
    }
    assert len(forms) == 1


def test_no_epochs_are_the_same_as_no_freezing_and_all_as_always(run, weights):
    plain, none = run(), run("train.freeze={body: 0}")
    for file in FILES:
        assert weights(none, file=file) == weights(plain, file=file)
    always, all_of_them = run("train.freeze=[body]"), run("train.freeze={body: 4}")
    assert weights(always) == weights(all_of_them)
    assert weights(always) != weights(plain)


@pytest.mark.parametrize("mode", ["graph", pytest.param("eager", marks=pytest.mark.slow)])
@pytest.mark.parametrize("cut", [1, 3])
def test_a_run_that_is_cut_in_either_part_goes_on_to_the_same_bits(run, weights, cut, mode):
    keys = ("train.freeze={body: 2}", f"train.execution={mode}")
    through, part = run(*keys), run(*keys, f"train.epochs={cut}")
    train(None, ["train.epochs=4"], resume=part)
    for file in FILES:
        assert weights(part, file=file) == weights(through, file=file)
    told = (part / "log.txt").read_text()
    assert told.count("frozen: body until epoch 2") == (2 if cut == 1 else 1)
    assert told.count("epoch 3: body is trained from now on, 536 parameters more") == 1


@pytest.mark.slow
@pytest.mark.parametrize("steps", [STEPS + 5, 2 * STEPS + 5])
def test_a_run_that_is_cut_in_the_middle_of_an_epoch_goes_on_to_the_same_bits(run, weights, steps):
    keys = ("train.freeze={body: 2}", "~train.epochs")
    through, part = run(*keys, "train.steps=60"), run(*keys, f"train.steps={steps}")
    train(None, ["train.steps=60"], resume=part)
    for file in FILES:
        assert weights(part, file=file) == weights(through, file=file)


def test_the_display_is_told_of_the_second_compilation(write, tmp_path, recorder):
    train(write(text=TEXT), ["train.freeze={body: 2}"], runs_root=tmp_path, listeners=[recorder])
    events = [(name, details) for name, details in recorder.events if name in ("phase", "epoch_started", "message")]
    third = events.index(("epoch_started", (3, 4, STEPS)))
    texts = [details[0] for name, details in events[third - 1 :] if name != "epoch_started"]
    assert texts[:2] == ["epoch 3: body is trained from now on, 536 parameters more", "compiling"]


class TestWithParamGroups:
    def test_a_group_of_the_same_rate_changes_no_bit(self, run, weights):
        group = "train.param_groups=[{params: body, learning_rate_scale: 1.0}]"
        plain, grouped = run("train.freeze={body: 2}"), run("train.freeze={body: 2}", group)
        assert weights(grouped) == weights(plain)

    def test_what_is_unfrozen_is_trained_with_the_rate_of_its_group(self, run):
        group = "train.param_groups=[{params: body, learning_rate: 1e-30}]"
        done = run("train.freeze={body: 2}", group, "~train.callbacks")
        statistics = {name for name in BODY if "moving" in name}
        assert moved(done, 2) == HEAD
        assert BODY & moved(done, 3) <= statistics | {
            "body.one.bias",
            "body.batch_normalization.beta",
        }  # of 0 any step is some
        assert np.abs(saved(done, 4)["body.one.bias"]).max() < 1e-27
        assert moved(done, 3) >= HEAD | statistics


PHASES = TEXT.replace(
    "  loss: sparse_categorical_crossentropy\n  optimizer: {Adam: {learning_rate: 0.01}}\n",
    "  phases:\n"
    "    - {trains: body, loss: sparse_categorical_crossentropy}\n"
    "    - {trains: head, loss: sparse_categorical_crossentropy}\n",
)


def test_phases_train_what_is_not_frozen(run):
    done = run("train.freeze={body.one: 2}", "data.batch_size=32", text=PHASES)
    steps = [checkpoint.step_of(path) for path in sorted((done / "checkpoints").glob("step-*"))]
    states = [checkpoint.read(done / "checkpoints" / checkpoint.name_of(step)).groups["model"] for step in steps]
    kernels = [state["body.one.kernel"] for state in states]
    gammas = [state["body.batch_normalization.gamma"] for state in states]
    assert [np.array_equal(a, b) for a, b in pairwise(kernels)] == [True, True, False, False]
    assert not any(np.array_equal(a, b) for a, b in pairwise(gammas))


def told(write: Any, freeze: str, text: str = TEXT) -> list[str]:
    (report,) = check([write(("train:\n", f"train:\n  freeze: {freeze}\n"), text=text, name="net.yaml")])
    return [f"{problem.severity}: {problem.message}" for problem in report.problems]


def test_epochs_in_which_nothing_is_trained_are_told(write):
    assert told(write, "{body: 2, head: 1}") == [
        "error: in epoch 1 nothing would be trained: all that could be is frozen by body, head"
    ]
    (text,) = told(write, "{body: 2, head: null}")
    assert text == "error: in epochs 1 to 2 nothing would be trained: all that could be is frozen by body"
    assert told(write, "{body: 2}", PHASES) == [
        "error: in epochs 1 to 2 phase 'body' would have nothing to train: it is frozen by body"
    ]


def test_what_would_never_be_trained_is_a_warning(write):
    (text,) = told(write, "{body: 4}")
    assert text == (
        "warning: what 'body' fits is frozen for 4 epochs, and training has 4: it is never trained; give it fewer, or null"
    )


def test_the_summary_has_the_state_in_which_most_is_trained_and_the_schedule(write):
    config = write(
        ("train:\n", "train:\n  freeze: {body: 3, body.one: 1, head.bias: null}\n"), text=TEXT, name="net.yaml"
    )
    always = write(("train:\n", "train:\n  freeze: [head.bias]\n"), text=TEXT, name="always.yaml")
    summary, plain = summarise(config), summarise(always)
    assert summary.totals == plain.totals
    assert summary.step == plain.step  # memory
    text = as_text(summary, 120)
    assert "  in epoch 1 trainable 80: 536 are frozen by body, body.one\n" in text
    assert "  in epochs 2 to 3 trainable 80: 536 are frozen by body\n" in text
    assert as_values(summary)["freeze"] == [
        {"epochs": [1, 1], "selectors": ["body", "body.one"], "trainable": 80},
        {"epochs": [2, 3], "selectors": ["body"], "trainable": 80},
    ]
    assert as_values(plain)["freeze"] == []
